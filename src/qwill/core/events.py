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
from dataclasses import asdict, dataclass, fields, is_dataclass
from enum import StrEnum
from typing import Any

from qwill.core.answer import Answer, Evidence
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
    """A piece of thought: text as it streams, and how many tokens it holds."""

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
    """Thinking was cut from outside: `reason` is budget, loop, language, steer or stop."""

    reason: str
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Voted(Event):
    """Several thoughts were weighed: the weight of each answer value, adding up to 1."""

    weights: Mapping[str, float]


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


def to_json(event: Event) -> str:
    """One event as one line of JSON: its fields and `event`, the name of its kind."""
    return json.dumps({"event": type(event).__name__.lower(), **asdict(event)}, ensure_ascii=False)


def from_json(line: str) -> Event:
    """The event that `to_json` wrote.

    Raises:
        ValueError: the line is not JSON, or not an event of a known kind.
    """
    fields_ = json.loads(line)
    kind = KINDS.get(fields_.pop("event", None)) if isinstance(fields_, dict) else None
    if kind is None:
        raise ValueError(f"not an event: {line[:80]!r}")
    event = _build(kind, fields_)
    assert isinstance(event, Event)
    return event


def _build(annotation: Any, value: Any) -> Any:
    """Value of JSON as the annotated type: dataclasses, enums, tuples and optional values of them."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        if value is None:
            return None
        (inner,) = (argument for argument in arguments if argument is not type(None))
        return _build(inner, value)
    if origin is tuple:
        inner_types = arguments[:1] * len(value) if arguments[-1] is Ellipsis else arguments
        return tuple(_build(inner, item) for inner, item in zip(inner_types, value, strict=True))
    if isinstance(annotation, type) and is_dataclass(annotation):
        hints = typing.get_type_hints(annotation)
        known = {field.name for field in fields(annotation)}
        return annotation(**{name: _build(hints[name], item) for name, item in value.items() if name in known})
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return annotation(value)
    return value
