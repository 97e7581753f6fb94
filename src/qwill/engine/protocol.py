"""Text generation behind one protocol, whichever model and wherever it runs.

An engine takes a batch of requests and streams pieces of text. Requests that share a `prompt` share its computation
where the engine can. What an engine cannot do it says in `capabilities`; it never ignores a setting silently.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from qwill.core import Sampling
from qwill.engine.profiles import Profile


@dataclass(frozen=True)
class Image:
    """An image that a model looks at.

    Attributes:
        url: where it is (`https://…`), or itself (`data:image/png;base64,…`).
        detail: how closely to look, in the server's words ("low", "high"); "" leaves it to the server.
    """

    url: str
    detail: str = ""


@dataclass(frozen=True)
class Message:
    """One turn of a conversation.

    Attributes:
        role: system, user, assistant or tool.
        content: its text.
        images: are shown before the text. Needs `Capabilities.images`.
    """

    role: str
    content: str
    images: tuple[Image, ...] = ()


class Finish(StrEnum):
    """Why a request ended."""

    STOP = "stop"  # an end token of the model, or a stop string
    LENGTH = "length"  # max_tokens reached, or the context is full
    CANCELLED = "cancelled"
    ERROR = "error"


class Failure(StrEnum):
    """What made a request end with `Finish.ERROR`, where the engine can tell."""

    UNREACHABLE = "unreachable"  # nobody answers there
    DENIED = "denied"  # the key is missing or wrong
    NOT_FOUND = "not_found"  # no such model, or no such address on the server
    REFUSED = "refused"  # the server does not accept the request as it is
    BUSY = "busy"  # too many requests, for as long as we were willing to wait
    SERVER = "server"  # the server failed
    SILENT = "silent"  # nothing came for too long
    BROKEN_OFF = "broken_off"  # the stream ended in the middle
    GARBLED = "garbled"  # what came is not what was agreed on


@dataclass(frozen=True)
class Request:
    """One text to be written.

    Attributes:
        messages: the conversation, rendered by the model's chat template; ends with a user turn.
        continuation: text that the assistant's turn already holds, to be continued exactly where it ends (for a
            thinking model it starts with the opening tag of the thought). Needs `Capabilities.continuation`.
        prompt: raw text instead of messages, given to the model as it is; exclusive with them.
        sampling: how tokens are drawn.
        max_tokens: most tokens to write; None leaves it to the context.
        stop: strings that end the text; the matched string and what follows it is not part of the text.
        logprobs: how many alternatives to report with each token's log-probability; None reports none, 0 only the
            token's own.
        hidden_states: whether to report the last layer's hidden state (after the final norm) of each token.
        confidence: whether to report with each token how likely the text is to end in a right answer. Needs
            `Capabilities.confidence`.
        grammar: a grammar in llama.cpp's notation (GBNF) that the whole text must follow; "" allows any. Needs
            `Capabilities.grammar`.
        json_schema: a JSON schema that the text must be an instance of; `{}` allows any JSON. Needs
            `Capabilities.json_schema`; excludes a grammar. Both hold from the request's first token on: a thought
            must have been closed before.
        id: names the request in its deltas; unique within one call.
    """

    messages: tuple[Message, ...] = ()
    continuation: str = ""
    prompt: str | None = None
    sampling: Sampling = field(default_factory=Sampling)
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    logprobs: int | None = None
    hidden_states: bool = False
    confidence: bool = False
    grammar: str = ""
    json_schema: Mapping[str, Any] | None = None
    id: str = "0"


@dataclass(frozen=True)
class TokenInfo:
    """One written token.

    Attributes:
        id: its number in the vocabulary.
        logprob: natural log of its probability under the model at temperature 1, before any filter; None when it
            was not asked for.
        alternatives: (token id, logprob) of the likeliest tokens, best first.
        hidden: the last layer's hidden state that produced the token, `hidden_size` floats, or None.
        confidence: probability, estimated before the token was drawn, that the text will end in a right answer; it
            says something where a step ends, at a token with a line break or that ends the thought. None where it
            was not asked for.
    """

    id: int
    logprob: float | None = None
    alternatives: tuple[tuple[int, float], ...] = ()
    hidden: tuple[float, ...] | None = None
    confidence: float | None = None


@dataclass(frozen=True)
class Delta:
    """A piece of one request's text.

    `text` may be empty (a token that is half a character, or text held back because it may be the start of a stop
    string) and `tokens` may be empty (the rest of held-back text, an engine that does not show tokens). A delta may
    be empty altogether: an engine that waits long for the next piece lets its caller look up now and then. The last
    delta of a request carries `finish`.

    Attributes:
        request: id of the request.
        text: the new text.
        tokens: the new tokens.
        finish: why the request ended, on its last delta.
        stop: the stop string that ended it, if one did.
        prompt_tokens: length of the prompt in tokens, on the last delta; 0 where it is not known.
        written_tokens: tokens of text and thought together, as an engine that does not show them counts them in the
            end; None where it does not tell.
        thought_tokens: those of them that are thought, or None.
        error: what failed, when `finish` is ERROR.
        failure: its name, where it has one.
        thought: new text of the thought, from an engine where thoughts arrive apart; it comes before `text`.
    """

    request: str
    text: str = ""
    tokens: tuple[TokenInfo, ...] = ()
    finish: Finish | None = None
    stop: str | None = None
    prompt_tokens: int = 0
    written_tokens: int | None = None
    thought_tokens: int | None = None
    error: str = ""
    failure: Failure | None = None
    thought: str = ""


@dataclass(frozen=True)
class Capabilities:
    """What an engine can do.

    Attributes:
        continuation: it can go on from a given text of the assistant's turn.
        logprobs: how many alternatives it reports; 0 none but the token's own, None cannot report any.
        parallel: how many requests it works on at once.
        seed: a seeded request gives the same text again.
        hidden_states: it reports hidden states.
        thinking: where thoughts arrive: "tags" in the text, "field" in `Delta.thought`, "none".
        context: most tokens of prompt and text together.
        grammar: it keeps to `Request.grammar`.
        json_schema: it keeps to `Request.json_schema`.
        confidence: it reports how likely a text is to end in a right answer.
        images: it takes images; whether the model sees anything in them is the model's affair.
    """

    continuation: bool
    logprobs: int | None
    parallel: int
    seed: bool
    hidden_states: bool
    thinking: str
    context: int
    grammar: bool = False
    json_schema: bool = False
    confidence: bool = False
    images: bool = False


class Stream(Protocol):
    """The deltas of a batch, as they come. Closing it cancels what still runs."""

    def __iter__(self) -> Iterator[Delta]: ...

    def cancel(self, request: str) -> None:
        """End one request now: its slot is free when this returns; its last delta says CANCELLED."""

    def close(self) -> None: ...


@runtime_checkable
class Engine(Protocol):
    """Anything that writes text. Safe to call from several threads."""

    @property
    def name(self) -> str: ...

    @property
    def profile(self) -> Profile:
        """How the model wants to be used: sampling, tags of thoughts."""

    @property
    def capabilities(self) -> Capabilities: ...

    def stream(self, requests: Sequence[Request]) -> Stream:
        """Start a batch of requests.

        Raises:
            UsageError: a request cannot be carried out at all (its prompt is longer than the context).
        """

    def count_tokens(self, text: str) -> int:
        """Length of a text in the model's tokens (an estimate where the engine does not show its tokenizer)."""

    def close(self) -> None:
        """Free what the engine holds; running requests are cancelled."""
