"""The thought as typed steps: what each stretch of it does, told by the words it begins with."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from qwill.core import Step, StepKind, Trace
from qwill.reason.cues import STEPS, TURN
from qwill.reason.language import to_simplified

_BOUNDARY = re.compile(rf"[.!?]+\s+|[。！？]+\s*|\n\s*|(?={TURN})", re.IGNORECASE)
_HEAD = 40  # characters at the beginning of a sentence in which a cue is looked for


def to_trace(thought: str, marks: Sequence[tuple[int, int]]) -> Trace:
    """A thought with its typed steps, which follow each other without gaps.

    A sentence with a cue begins a step; one without goes on with the step before it, except that a new paragraph
    begins a draft. Neighbouring steps of one kind are one step, save that every turn ("wait") stands for itself.

    Args:
        thought: the text.
        marks: (characters, tokens) counted from the beginning, in rising order, at the places where text came; the
            tokens of a step are those that came within it.
    """
    steps: list[Step] = []
    for kind, start, end in _spans(to_simplified(thought)):
        tokens = _tokens_at(end, marks) - _tokens_at(start, marks)
        steps.append(Step(kind=kind, text=thought[start:end], span=(start, end), tokens=tokens))
    return Trace(text=thought, steps=tuple(steps))


def _spans(thought: str) -> Iterator[tuple[StepKind, int, int]]:
    """(kind, start, end) of each step."""
    kind, start = None, 0
    for begin, end in _sentences(thought):
        sentence_kind = _kind(thought[begin:end])
        if sentence_kind is None and kind not in (None, StepKind.DRAFT) and thought.endswith("\n\n", 0, begin):
            sentence_kind = StepKind.DRAFT
        if kind is None:
            kind = sentence_kind or StepKind.DRAFT
        elif sentence_kind and (sentence_kind is not kind or kind is StepKind.QUESTION):
            yield kind, start, begin
            kind, start = sentence_kind, begin
    if kind is not None:
        yield kind, start, len(thought)


def _sentences(thought: str) -> Iterator[tuple[int, int]]:
    """[start, end) of each sentence or line, white space included."""
    start = 0
    for boundary in _BOUNDARY.finditer(thought):
        if thought[start : boundary.end()].strip():
            yield start, boundary.end()
            start = boundary.end()
    if start < len(thought):
        yield start, len(thought)


def _kind(sentence: str) -> StepKind | None:
    """The kind whose cue stands first in the sentence's head."""
    head = sentence.lstrip()[:_HEAD]
    found = [(match.start(), order) for order, (_, cue) in enumerate(STEPS) if (match := cue.search(head))]
    return STEPS[min(found)[1]][0] if found else None


def _tokens_at(position: int, marks: Sequence[tuple[int, int]]) -> int:
    """Tokens that had come when the text was this long."""
    index = bisect_right(marks, position, key=lambda mark: mark[0])
    return marks[index - 1][1] if index else 0
