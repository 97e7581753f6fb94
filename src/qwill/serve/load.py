"""A server under load, as its clients see it: time to first token, tokens a second, errors.

Works with every server that streams chat completions as OpenAI does.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import quantiles
from typing import Any

import httpx2 as httpx

QUESTIONS = (
    "How many r in strawberry", "9.11 和 9.9 哪个大？", "What is 478 + 356?", "解方程：3x + 4 = 19", "What is 12 * 7?",
    "How many p in pepper", "Who wrote Hamlet?", "What is 91 - 37?",
)  # fmt: skip
"""Short questions in both languages, asked where the user names none."""

_PAUSE = 0.1  # seconds after a failure, lest a server that refuses is asked a thousand times
_PATIENCE = 300.0  # seconds without a byte after which a client gives up


@dataclass
class Tally:
    """What the clients of one run have seen.

    Attributes:
        first: seconds to the first piece of text, of each answer that had one.
        seconds: seconds of each answer that was read to its end.
        tokens: tokens written, as the server counts them; pieces of text where it does not say.
        errors: how often each kind of failure happened.
        elapsed: seconds of the whole run.
    """

    first: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    tokens: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    elapsed: float = 0.0

    def first_ms(self) -> tuple[float, float, float] | None:
        """Milliseconds to the first piece of text that 50, 90 and 99% of the answers needed at most."""
        if len(self.first) < 2:
            return None
        cuts = quantiles(self.first, n=100, method="inclusive")
        return 1000 * cuts[49], 1000 * cuts[89], 1000 * cuts[98]


@dataclass(frozen=True)
class Target:
    """The server that is asked.

    Attributes:
        base: address of its API, up to and without the slash before `chat/completions`.
        model: the model's name there.
        key: what it lets clients in by, or "".
        settings: fields of every request beside model and messages.
    """

    base: str
    model: str
    key: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)

    def body(self, question: str) -> dict[str, Any]:
        """The request that asks a question."""
        messages = [{"role": "user", "content": question}]
        streamed = {"stream": True, "stream_options": {"include_usage": True}}
        return {**self.settings, "model": self.model, "messages": messages, **streamed}

    def client(self) -> httpx.AsyncClient:
        """A client with connections of its own: one to ask by, one to steer by."""
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        limits = httpx.Limits(max_connections=2)
        return httpx.AsyncClient(base_url=self.base, headers=headers, timeout=_PATIENCE, trust_env=False, limits=limits)


GoesOn = Callable[[str, int], Awaitable[bool]]
"""Asked after each event of an answer, with the answer's id and the pieces of text so far: whether to read on."""


async def ask(
    client: httpx.AsyncClient, target: Target, question: str, tally: Tally, goes_on: GoesOn | None = None
) -> str | None:
    """One question, entered in the tally.

    Returns:
        The answer, thoughts left out; None where it failed or was not read to its end.
    """
    began, pieces, tokens, answer = time.perf_counter(), 0, 0, ""
    try:
        async with client.stream("POST", "chat/completions", json=target.body(question)) as reply:
            if reply.status_code != httpx.codes.OK:
                tally.errors[str(reply.status_code)] += 1
                return None
            async for event in _events(reply):
                if "error" in event:
                    tally.errors[str(event["error"].get("code") or "error")] += 1
                    return None
                for delta in (choice["delta"] for choice in event.get("choices", ())):
                    said = delta.get("content") or ""
                    if said or delta.get("reasoning_content") or delta.get("reasoning"):
                        if not pieces:
                            tally.first.append(time.perf_counter() - began)
                        pieces += 1
                        answer += said
                tokens = (event.get("usage") or {}).get("completion_tokens", tokens)
                if goes_on and not await goes_on(event.get("id", ""), pieces):
                    return None
    except EOFError:
        tally.errors["broken off"] += 1
        return None
    except (httpx.HTTPError, LookupError, TypeError, ValueError) as error:
        tally.errors[type(error).__name__] += 1
        return None
    tally.tokens += tokens or pieces
    tally.seconds.append(time.perf_counter() - began)
    return answer


async def _events(reply: httpx.Response) -> AsyncIterator[Any]:
    """What a stream of server-sent events says, to its `[DONE]`.

    Raises:
        EOFError: it ended before.
    """
    async for line in reply.aiter_lines():
        data = line.removeprefix("data:").strip()
        if data == "[DONE]":
            return
        if line.startswith("data:"):
            yield json.loads(data)
    raise EOFError


async def load(target: Target, clients: int, seconds: float, questions: Sequence[str] = QUESTIONS) -> Tally:
    """So many clients at once, each asking one question after another for so long, the last one to its end."""
    tally, began = Tally(), time.perf_counter()

    async def one(number: int) -> None:
        async with target.client() as client:
            while True:
                answer = await ask(client, target, questions[number % len(questions)], tally)
                if time.perf_counter() - began >= seconds:
                    break
                if answer is None:
                    await asyncio.sleep(_PAUSE)
                number += 1

    await asyncio.gather(*map(one, range(clients)))
    tally.elapsed = time.perf_counter() - began
    return tally
