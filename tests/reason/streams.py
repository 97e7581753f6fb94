"""What holds of every stream of events: it can be written and read back, and whoever follows it arrives at its answer.

`watch` lets every stream that is made in this process be examined on its way; `tests/reason/conftest.py` does so for
all tests of reasoning.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from qwill.core.events import Answering, Event, Finished, Interrupted, Parsed, Thinking, from_json, to_json
from qwill.reason import coding, crosscheck, deliberate, grounding, proofs, restate, thinker, wide

Make = Callable[[], Iterator[Event]]
"""Makes a stream."""

broken: list[str] = []
"""What was wrong with streams since somebody emptied this list."""
examined = {"whole": 0, "left": 0}
"""How many streams were examined: those that came to their end, and those that somebody left or that failed."""

_MAKERS: tuple[Callable[..., Iterator[Event]], ...] = (
    thinker.reason, wide.reason_widely, deliberate.deliberate, restate.puzzle, coding.program,
    crosscheck.program_course, proofs.marked, grounding.grounded,
)  # fmt: skip


@dataclass
class Followed:
    """What somebody has who follows a stream: texts by trace, and tokens."""

    thoughts: dict[int, str] = field(default_factory=dict)
    answers: dict[int, str] = field(default_factory=dict)
    thinking_tokens: int = 0
    answer_tokens: int = 0


def follow(events: Sequence[Event]) -> Followed:
    """Put the pieces together, as a reader of the log does."""
    told = Followed()
    for event in events:
        if isinstance(event, Thinking):
            told.thoughts[event.trace] = told.thoughts.get(event.trace, "") + event.text
            told.thinking_tokens += event.tokens
        elif isinstance(event, Answering):
            told.answers[event.trace] = told.answers.get(event.trace, "") + event.text
            told.answer_tokens += event.tokens
        elif isinstance(event, Interrupted) and (event.keep is not None or event.appended):
            texts = told.answers if event.trace in told.answers else told.thoughts
            texts[event.trace] = texts.get(event.trace, "")[: event.keep] + event.appended
    return told


def examine(events: Sequence[Event]) -> None:
    """Note what is wrong with a stream, whole or left in the middle."""
    read = [from_json(to_json(event)) for event in events]
    _must(read == list(events), "events are not the same when they are read back", events)
    if not events or not isinstance(events[-1], Finished):
        examined["left"] += 1
        return
    examined["whole"] += 1
    finished = read[-1]
    assert isinstance(finished, Finished)
    answer, told = finished.answer, follow(read)
    _must(isinstance(events[0], Parsed), "it does not begin with the problem", events)
    _must(sum(isinstance(event, Parsed | Finished) for event in events) == 2, "it begins or ends twice", events)
    _must(bool(answer.text), "the answer is empty", events)
    _must(told.answers.get(finished.trace, "") == answer.text, "the answer's text is another", events)
    # An answer without a thought of its own carries those of the other traces.
    thought = (told.thoughts.get(finished.trace) or answer.thought).strip()
    _must(thought == answer.thought.strip(), "the thought's text is another", events)
    _must(told.thinking_tokens == answer.usage.thinking_tokens, "tokens of thought differ", events)
    _must(told.answer_tokens == answer.usage.answer_tokens, "tokens of answers differ", events)


def _must(holds: bool, otherwise: str, events: Sequence[Event]) -> None:
    if not holds:
        broken.append(f"{otherwise}: {list(events)}")


def watched(events: Iterator[Event]) -> Iterator[Event]:
    """The same events, examined when they end or are left."""
    seen: list[Event] = []
    try:
        for event in events:
            seen.append(event)
            yield event
    finally:
        if (close := getattr(events, "close", None)) is not None:
            close()
        examine(seen)


def watch() -> None:
    """Put everything that makes streams under watch, wherever it was imported to."""
    for maker in _MAKERS:

        @functools.wraps(maker)
        def made(*args: Any, _maker: Callable[..., Iterator[Event]] = maker, **kwargs: Any) -> Iterator[Event]:
            return watched(_maker(*args, **kwargs))

        for name, module in list(sys.modules.items()):
            if name.startswith("qwill."):
                for attribute, value in list(vars(module).items()):
                    if value is maker:
                        setattr(module, attribute, made)
