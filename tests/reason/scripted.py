"""A test double of an engine: it plays given texts token by token and keeps the requests it was given."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from qwill.core import QwillError
from qwill.engine.profiles import NANO, Profile
from qwill.engine.protocol import Capabilities, Delta, Finish, Request, TokenInfo


@dataclass
class Script:
    """What to play for one request: pieces of text (one token each), and how it ends.

    `error` ends it with an ERROR delta, `raises` by an exception in the middle of the stream.
    """

    tokens: Sequence[str]
    finish: Finish = Finish.STOP
    error: str = ""
    raises: Exception | None = None


def script(text: str) -> Script:
    """A script whose tokens are words with the space before them, single digits, tags and single other characters."""
    return Script(re.findall(r"</?think>|\s?[A-Za-z]+|\s?\d|\s+|.", text, re.DOTALL))


@dataclass
class ScriptedEngine:
    """Plays one script per request, in order; the last one again when there are no more."""

    scripts: Sequence[Script]
    context: int = 1000
    continuation: bool = True
    thinking: str = "tags"
    shows_tokens: bool = True
    prompt_tokens: int = 20
    name: str = "scripted"
    profile: Profile = NANO
    requests: list[Request] = field(default_factory=list)
    cancelled: int = 0
    streams_open: int = 0
    closed: bool = False
    on_token: Callable[[int], None] = lambda number: None

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            continuation=self.continuation,
            logprobs=None,
            parallel=1,
            seed=True,
            hidden_states=False,
            thinking=self.thinking,
            context=self.context,
        )

    def stream(self, requests: Sequence[Request]) -> ScriptedStream:
        (request,) = requests
        self.requests.append(request)
        played = self.scripts[min(len(self.requests), len(self.scripts)) - 1]
        if isinstance(played.raises, QwillError) and not played.tokens:
            raise played.raises
        self.streams_open += 1
        return ScriptedStream(self, request, played)

    def count_tokens(self, text: str) -> int:
        return len(script(text).tokens)

    def close(self) -> None:
        self.closed = True


class ScriptedStream:
    def __init__(self, engine: ScriptedEngine, request: Request, played: Script) -> None:
        self._engine, self._request, self._script = engine, request, played
        self._cancelled = False
        self._deltas = self._play()

    def __iter__(self) -> Iterator[Delta]:
        return self._deltas

    def _play(self) -> Iterator[Delta]:
        most = self._request.max_tokens if self._request.max_tokens is not None else 10**9
        room = self._engine.context - self._engine.prompt_tokens - self._engine.count_tokens(self._request.continuation)
        for number, token in enumerate(self._script.tokens):
            if self._cancelled:
                yield self._last(Finish.CANCELLED)
                return
            if number >= min(most, room):
                yield self._last(Finish.LENGTH)
                return
            self._engine.on_token(number)
            shown = (TokenInfo(id=number),) if self._engine.shows_tokens else ()
            yield Delta(request=self._request.id, text=token, tokens=shown)
        if self._script.raises:
            raise self._script.raises
        yield self._last(Finish.CANCELLED if self._cancelled else self._script.finish)

    def _last(self, finish: Finish) -> Delta:
        return Delta(
            request=self._request.id,
            finish=finish,
            prompt_tokens=self._engine.prompt_tokens,
            error=self._script.error,
        )

    def cancel(self, request: str) -> None:
        assert request == self._request.id
        self._cancelled = True
        self._engine.cancelled += 1

    def close(self) -> None:
        self._engine.streams_open -= 1
        self._deltas.close()  # type: ignore[attr-defined]
