"""The stream of events: every event comes back from its line of JSON as it was."""

from __future__ import annotations

import json
from typing import get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwill.core import Answer, Problem
from qwill.core.events import KINDS, Answering, Event, Finished, Interrupted, Parsed, Thinking, from_json, to_json

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))

PROBLEMS = st.builds(
    Problem,
    **{name: st.from_type(hint) for name, hint in get_type_hints(Problem).items() if name != "attachments"},
    attachments=st.dictionaries(st.text(), JSON_VALUES, max_size=2),
)
EVENTS = st.one_of(
    *(
        st.builds(kind, **{name: st.from_type(hint) for name, hint in get_type_hints(kind).items()})
        for kind in KINDS.values()
        if kind is not Parsed
    ),
    st.builds(Parsed, trace=st.integers(), problem=PROBLEMS),
)


@given(EVENTS)
@settings(max_examples=150, deadline=None)
def test_every_event_comes_back_from_its_line(event: Event) -> None:
    line = to_json(event)
    assert len(line.splitlines()) == 1
    assert from_json(line) == event


def test_all_kinds_of_events_are_known_by_name() -> None:
    assert set(KINDS.values()) == set(Event.__subclasses__())


def test_text_of_any_language_is_readable_in_the_log() -> None:
    assert "等一下" in to_json(Thinking(text="等一下"))


@pytest.mark.parametrize("breaker", ["\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"])
def test_no_character_breaks_a_line_of_the_log(breaker: str) -> None:
    line = to_json(Answering(text=f"a{breaker}b"))
    assert line.splitlines() == [line]
    assert from_json(line) == Answering(text=f"a{breaker}b")


def test_fields_of_a_later_version_are_left_out() -> None:
    values = json.loads(to_json(Interrupted(reason="loop", keep=12, appended=" So")))
    assert from_json(json.dumps({**values, "colour": "red"})) == Interrupted(reason="loop", keep=12, appended=" So")


def test_an_answer_without_optional_parts_comes_back() -> None:
    assert from_json(to_json(Finished(answer=Answer(text="3")))) == Finished(answer=Answer(text="3"))


@pytest.mark.parametrize(
    "line",
    [
        "",
        "not json",
        "3",
        "[]",
        "{}",
        '{"event": "unknown"}',
        '{"event": []}',
        '{"event": "thinking"}',
        '{"event": "thinking", "text": 5}',
        '{"event": "thinking", "text": "a", "tokens": "1"}',
        '{"event": "thinking", "text": "a", "tokens": true}',
        '{"event": "finished", "answer": null}',
        '{"event": "finished", "answer": {"text": "3", "stopped_because": "bored"}}',
        '{"event": "finished", "answer": {"text": "3", "evidence": 4}}',
    ],
)
def test_a_damaged_line_is_a_value_error(line: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the message differs by damage
        from_json(line)
