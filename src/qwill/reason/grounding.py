"""Answering with a knowledge set: what fits the question is quoted to the model; what the answer cites is checked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from qwill.core import Answer, Evidence, Problem
from qwill.core.events import Answering, Event, Finished, Interrupted, Retrieved, Verified
from qwill.engine.protocol import Message
from qwill.knowledge import Citing, Found, Knowledge, check_citations, quoted

MOST = 4  # passages: more help small models less than they distract them
MATCHED = 0.3  # share of the question's words that a passage must hold; Chinese is cut finely, so it is low
SHARE = 0.4  # of the context that quotations may take


def consult(problem: Problem, knowledge: Knowledge, count_tokens: Callable[[str], int], context: int) -> list[Found]:
    """The passages to quote: those that fit the question well enough, as many as fit into their share of the context.

    Args:
        problem: what is asked.
        knowledge: where to look.
        count_tokens: of the model.
        context: tokens that the model can hold.
    """
    found: list[Found] = []
    room = int(context * SHARE)
    for passage in knowledge.search(problem.text, MOST):
        room -= count_tokens(passage.text)
        if passage.matched >= MATCHED and room >= 0:
            found.append(passage)
    return found


def as_message(problem: Problem, found: Sequence[Found]) -> Message:
    """The passages as the message that stands before the conversation."""
    return Message("system", quoted(found, problem.language))


def grounded(events: Iterator[Event], problem: Problem, found: Sequence[Found]) -> Iterator[Event]:
    """The same events, with `Retrieved` behind the first one, citations in the answer, and before the last a `Verified`
    for each of them, which the answer carries as evidence."""
    for number, event in enumerate(cited(events, found)):
        if isinstance(event, Finished):
            yield from checked(event, found)
        else:
            yield event
        if number == 0:
            for passage in found:
                yield Retrieved(query=problem.text, passage=passage.text, source=passage.citation)


def cited(events: Iterator[Event], found: Sequence[Found]) -> Iterator[Event]:
    """The same events, with citations in the answer where a passage says a sentence that cites none."""
    citing, begun = Citing(found), False
    for event in events:
        if isinstance(event, Answering):
            begun = begun or bool(event.text)
            yield replace(event, text=citing.push(event.text))
        elif isinstance(event, Interrupted) and begun:
            if rest := citing.flush():
                yield Answering(event.trace, text=rest, tokens=0)
            keep = None if event.keep is None else citing.cut_back(event.keep)
            citing.skip(event.appended)
            yield replace(event, keep=keep)
        elif isinstance(event, Finished):
            if rest := citing.flush():
                yield Answering(event.trace, text=rest, tokens=0)
            yield replace(event, answer=_with_citations(event.answer, found))
        else:
            yield event


def _with_citations(answer: Answer, found: Sequence[Found]) -> Answer:
    citing = Citing(found)
    text = citing.push(answer.text) + citing.flush()
    moved = (
        replace(piece, span=(citing.moved(piece.span[0]), citing.moved(piece.span[1]))) for piece in answer.evidence
    )
    return replace(answer, text=text, evidence=tuple(moved))


def checked(finished: Finished, found: Sequence[Found]) -> Iterator[Event]:
    """The last event with its citations checked, and before it a `Verified` for each."""
    answer = finished.answer
    evidence = [
        Evidence(cited.sentence, _span(answer.text, cited.sentence), cited.verdict)
        for cited in check_citations(answer.text, found)
    ]
    for piece in evidence:
        yield Verified(evidence=piece)
    yield replace(finished, answer=replace(answer, evidence=(*answer.evidence, *evidence)))


def _span(text: str, part: str) -> tuple[int, int]:
    start = max(text.find(part), 0)
    return start, min(start + len(part), len(text))
