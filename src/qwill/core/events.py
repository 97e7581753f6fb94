"""The one stream of events that every surface renders.

Everything that happens while an answer is made is one of these events, in order. A run log is the stream as JSON
lines (`to_json`), replaying a run is reading it back (`from_json`); the terminal, the page, the server and the
evaluator only render it.
"""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from qwill.core.answer import Answer, Evidence, Settled
from qwill.core.problem import Problem


@dataclass(frozen=True)
class Event:
    """Base of all events; `trace` is the index of the thought it belongs to (0 when there is one)."""

    trace: int = 0


@dataclass(frozen=True, kw_only=True)
class Parsed(Event):
    """The question was understood as this problem."""

    problem: Problem


@dataclass(frozen=True, kw_only=True)
class Thinking(Event):
    """A piece of thought: text as it streams, and how many tokens it holds.

    Where an engine does not show its tokens, pieces are counted by estimate, and a piece without text may put the sum
    right in the end; its count may be negative. So with `Answering`.
    """

    text: str
    tokens: int = 1


@dataclass(frozen=True, kw_only=True)
class Questioned(Event):
    """The thought questions one of its claims."""

    claim: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Verified(Event):
    """A claim was checked by a tool; the verdict may be verified, refuted or unknown."""

    evidence: Evidence


@dataclass(frozen=True, kw_only=True)
class Retrieved(Event):
    """A passage was brought into the thought."""

    query: str
    passage: str
    source: str


@dataclass(frozen=True, kw_only=True)
class Interrupted(Event):
    """Writing was cut or steered from outside: the thought, or the answer once one has begun.

    Attributes:
        reason: budget, seconds, context, unclosed (the model ended inside its thought), converged (its answer did not
            change any more), extended (closed early and unchecked, it goes on), loop, language, safety, refuted, steer,
            stop or error.
        detail: the same in words, for people.
        keep: how many characters of what was written so far remain; None keeps all.
        appended: text put after them in the model's stead (a closing phrase, a correction); writing goes on from
            there. It counts no tokens.
    """

    reason: str
    detail: str = ""
    keep: int | None = None
    appended: str = ""


@dataclass(frozen=True, kw_only=True)
class Voted(Event):
    """Several thoughts were weighed.

    Attributes:
        weights: probability of each answer value, the likeliest first; what lacks to 1 is the probability that none
            of them is right.
        counted: thoughts that were weighed.
        settled: why the likeliest is the answer now; None while thinking goes on.
    """

    weights: Mapping[str, float]
    counted: int = 0
    settled: Settled | None = None


@dataclass(frozen=True, kw_only=True)
class Clarify(Event):
    """The question cannot be answered as it stands; this is what to ask the user."""

    question: str


@dataclass(frozen=True, kw_only=True)
class Answering(Event):
    """A piece of the answer: text as it streams, and how many tokens it holds."""

    text: str
    tokens: int = 1


@dataclass(frozen=True, kw_only=True)
class Finished(Event):
    """The stream's last event: the whole answer."""

    answer: Answer


KINDS: dict[str, type[Event]] = {
    kind.__name__.lower(): kind
    for kind in (
        Parsed, Thinking, Questioned, Verified, Retrieved, Interrupted, Voted, Clarify, Answering, Finished,
    )
}  # fmt: skip


_LINE_BREAKS = str.maketrans({"\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"})


def to_json(event: Event) -> str:
    """One event as one line of JSON: its fields and `event`, the name of its kind.

    No character of it breaks lines for any reader, so that a log is one event a line for everybody.

    Raises:
        TypeError: an attachment of the problem is not made of JSON values.
    """
    written = json.dumps({"event": type(event).__name__.lower(), **_plain(event)}, ensure_ascii=False)
    return written.translate(_LINE_BREAKS)


def from_json(line: str) -> Event:
    """The event that `to_json` wrote; fields that this version does not know are left out.

    Raises:
        ValueError: the line is not JSON, not an event of a known kind, or a field is missing or of another type.
    """
    values = json.loads(line)
    kind = KINDS.get(str(values.pop("event", None))) if isinstance(values, dict) else None
    if kind is None:
        raise ValueError(f"not an event: {line[:80]!r}")
    try:
        return typing.cast(Event, _build(kind, values))
    except (TypeError, AttributeError) as error:
        raise ValueError(f"not a whole {kind.__name__} event: {error}") from error


def _plain(value: Any) -> Any:
    """A value as dictionaries, lists and scalars."""
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value


def _build(annotation: Any, value: Any) -> Any:
    """Value of JSON as the annotated type: dataclasses, enums, tuples, mappings, scalars and optional ones of them.

    Raises:
        TypeError, AttributeError, ValueError: the value is of another shape.
    """
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation is Any:
        return value
    if origin in (typing.Union, types.UnionType):
        if value is None:
            return None
        (inner,) = (argument for argument in arguments if argument is not type(None))
        return _build(inner, value)
    if origin is tuple:
        inner_types = arguments[:1] * len(value) if arguments[-1] is Ellipsis else arguments
        return tuple(_build(inner, item) for inner, item in zip(inner_types, value, strict=True))
    if origin is Mapping:
        return {name: _build(arguments[1], item) for name, item in value.items()}
    if is_dataclass(annotation):
        known = _fields(typing.cast(type, annotation))
        return typing.cast(type, annotation)(
            **{name: _build(known[name], item) for name, item in value.items() if name in known}
        )
    if issubclass(annotation, StrEnum):
        return annotation(value)
    if annotation is float and type(value) is int:
        return float(value)
    if type(value) is not annotation:
        raise TypeError(f"{value!r} is not {annotation.__name__}")
    return value


@cache
def _fields(kind: type) -> dict[str, Any]:
    """Types of a dataclass's fields, by name."""
    hints = typing.get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}
