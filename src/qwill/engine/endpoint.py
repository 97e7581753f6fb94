"""One server of a model: what it is asked in its own words, and over which connections."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from qwill.core import EngineError, Sampling, UsageError
from qwill.engine.address import Address
from qwill.engine.chunks import RequestError
from qwill.engine.protocol import Failure, Message, Request
from qwill.engine.servers import Server, context_of, recognise_server, sampling_fields
from qwill.engine.transport import Patience, Take, Transport

_REST = 30.0  # seconds that an endpoint which failed is left alone, while there are others


class Endpoint:
    """A server that has the model. Lives in one event loop; open one by `open_endpoint`.

    Attributes:
        address, server: where it is, and of which kind.
        context: most tokens of prompt and text together.
        busy: how many requests run there now.
    """

    def __init__(self, address: Address, server: Server, context: int, transport: Transport, parallel: int) -> None:
        self.address, self.server, self.context = address, server, context
        self.busy = 0
        self._transport, self._parallel = transport, parallel
        self._rests_until = 0.0

    @property
    def free(self) -> int:
        """How many more requests it may be given now."""
        return self._parallel - self.busy

    @property
    def rests(self) -> bool:
        """Whether it failed a short while ago."""
        return time.monotonic() < self._rests_until

    async def complete(self, payload: Mapping[str, Any], take: Take, *, hurried: bool) -> None:
        """Carry a request out; arguments and errors as in `Transport.complete`."""
        try:
            await self._transport.complete(payload, take, hurried=hurried)
            self._rests_until = 0.0
        except RequestError as failed:
            if failed.failure is not Failure.REFUSED:
                self._rests_until = time.monotonic() + _REST
            raise

    async def json(self, method: str, address: str, payload: Mapping[str, Any] | None = None) -> Any:
        """What the server answers; as `Transport.json`."""
        return await self._transport.json(method, address, payload)

    async def close(self) -> None:
        """Close all connections."""
        await self._transport.close()

    def payload(self, request: Request, recommended: Sampling, limit: int | None) -> Mapping[str, Any]:
        """The body of a request.

        Args:
            request: what is asked.
            recommended: the sampling that the model's profile recommends.
            limit: most tokens to write, if the server is told.

        Raises:
            UsageError: it asks for what this server cannot do.
        """
        _check(request, self.server)
        payload: dict[str, Any] = {
            "model": self.address.model,
            "messages": [{"role": message.role, "content": _content(message)} for message in request.messages],
            "stream": True,
            "stream_options": {"include_usage": True},
            **sampling_fields(request.sampling, recommended, self.server),
        }
        if request.json_schema is not None:
            payload["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": "answer", "strict": True, "schema": dict(request.json_schema)},
            }
        if request.grammar:
            payload["grammar"] = request.grammar
        if limit is not None:
            payload[self.server.limit] = limit
        return payload


async def open_endpoint(
    address: Address, *, key: str | None, context: int | None, patience: Patience, parallel: int
) -> Endpoint:
    """Reach a server, and ask it which models it has; arguments and errors as in `HttpEngine.connect`."""
    transport = Transport(address, key_for(address) if key is None else key, patience, parallel)
    try:
        address, entry = _choose(address, await transport.models())
    except BaseException as error:
        await transport.close()
        if isinstance(error, RequestError):
            raise EngineError(error.message, "Check the address, and that its server runs.") from None
        raise
    server = recognise_server(entry, urlsplit(address.base).port)
    return Endpoint(address, server, context or context_of(entry)[0], transport, parallel)


def key_for(address: Address) -> str:
    """The key for a server from the environment, or "".

    QWILL_API_KEY goes to any server that the user names; OPENAI_API_KEY to OpenAI's own, and to nobody else.

    Raises:
        UsageError: the variable holds what cannot be a key.
    """
    host = urlsplit(address.base).hostname or ""
    is_openai = address.is_tls and (host == "openai.com" or host.endswith(".openai.com"))
    for variable in ("QWILL_API_KEY", *(["OPENAI_API_KEY"] if is_openai else [])):
        key = os.environ.get(variable, "").strip()
        if not (key.isascii() and key.isprintable()):
            raise UsageError(f"{variable} holds characters that no key has.", "Set it anew in the environment.")
        if key:
            return key
    return ""


def _choose(address: Address, entries: Sequence[Mapping[str, Any]] | None) -> tuple[Address, Mapping[str, Any]]:
    """The address with the model's full name, and what the server says of the model.

    Raises:
        UsageError: no model is named, and there is not just one.
        EngineError: the server does not have the model.
    """
    listed = {str(entry.get("id", "")): entry for entry in entries or ()}
    if not address.model:
        # Our own server lists chains and knowledge sets too, which are made of its models.
        models = [name for name in listed if not name.startswith(("chain:", "know:"))]
        if len(models) != 1:
            raise UsageError(
                f"{address.host} has {len(models) or 'no list of'} models, and none is named.",
                _offer(listed) or "Put the model's name behind a #.",
            )
        return Address(address.base, models[0]), listed[models[0]]
    # Ollama lists "qwq:latest" and knows it as "qwq" too
    names = (address.model, f"{address.model}:latest")
    found = next((name for name in names if name in listed), None)
    if listed and found is None:
        raise EngineError(f"{address.host} has no model {address.model!r}.", _offer(listed))
    return address, listed.get(found or "", {})


def _offer(listed: Mapping[str, object]) -> str:
    names = sorted(listed)
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return f"It has: {', '.join(names[:10])}{more}." if names else ""


def _content(message: Message) -> str | list[dict[str, Any]]:
    """What a message says, as OpenAI's API has it: a text, or parts where there are images."""
    if not message.images:
        return message.content
    images = [{"url": image.url} | ({"detail": image.detail} if image.detail else {}) for image in message.images]
    return [
        *({"type": "image_url", "image_url": image} for image in images),
        {"type": "text", "text": message.content},
    ]


def _check(request: Request, server: Server) -> None:
    images = [image.url for message in request.messages for image in message.images]
    fetched = [url for url in images if not url.startswith("data:")]
    cannot = (
        (request.prompt is not None, "be given a raw prompt"),
        (bool(request.continuation), "go on from a given beginning of the answer"),
        (request.logprobs is not None, "report log-probabilities"),
        (request.hidden_states, "report hidden states"),
        (request.confidence, "report confidence"),
        (bool(request.grammar) and not server.grammars, "keep to a grammar"),
        (request.json_schema is not None and not server.schemas, "keep to a JSON schema"),
    )
    for asked, what in cannot:
        if asked:
            raise UsageError(f"A model on a server ({server.kind}) cannot {what}.", "Use a model on this machine.")
    if fetched and not server.fetches_images:
        raise UsageError(f"{server.kind} fetches no images.", "Give the image itself: data:image/png;base64,…")
    wrong = (
        (not request.messages, "has no messages"),
        (request.max_tokens is not None and request.max_tokens < 1, "writes less than 1 token"),
        (not all(request.stop), "has an empty stop string"),
        (bool(request.grammar) and request.json_schema is not None, "follows a grammar and a JSON schema"),
        (not all(url.startswith(("https:", "http:", "data:image/")) for url in images), "has an image without address"),
    )
    for holds, what in wrong:
        if holds:
            raise UsageError(f"The request {request.id!r} {what}.")
