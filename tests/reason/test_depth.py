"""Looks from aside at a thought: where it has converged it is closed, and looks are paid for and never seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from scripted import Script, ScriptedEngine, ScriptedStream, script

from qwill.core import Answer, AnswerForm, Evidence, Outcome, Problem, Status, Verdict
from qwill.core.events import Event, Finished, Interrupted, Thinking
from qwill.engine.profiles import NANO
from qwill.engine.protocol import Request
from qwill.reason.depth import LOOK_TOKENS, Depth
from qwill.reason.guard_settings import UNGUARDED
from qwill.reason.thinker import reason

QUESTION = Problem("What is 6 times 7?", form=AnswerForm.NUMBER)
LONG = "Six times seven.\n" + "I go on and on and on.\n" * 40


@dataclass
class Looked(ScriptedEngine):
    """Plays `looks` in turn to looks from aside, the last one again and again; its scripts to everything else."""

    looks: Sequence[str] = ("It is 42.",)
    looked: int = 0

    def stream(self, requests: Sequence[Request]) -> ScriptedStream:
        (request,) = requests
        if request.id != "look":
            return super().stream(requests)
        assert request.max_tokens == LOOK_TOKENS
        assert request.sampling.temperature == 0
        self.looked += 1
        self.requests.append(request)
        self.streams_open += 1
        return ScriptedStream(self, request, script(self.looks[min(self.looked, len(self.looks)) - 1]))


def run(
    *texts: str, looks: Sequence[str] = ("It is 42.",), every: int | None = 20, problem: Problem = QUESTION,
    continuation: bool = True,
) -> tuple[list[Event], Looked]:  # fmt: skip
    scripts: list[Script] = [script(text) for text in texts]
    engine = Looked(scripts, looks=looks, profile=replace(NANO, single_turn=False), continuation=continuation)
    events = list(reason(problem, engine, looks_every=every, guards=UNGUARDED))
    assert engine.streams_open == 0
    return events, engine


def answer_of(events: Sequence[Event]) -> Answer:
    assert isinstance(events[-1], Finished)
    return events[-1].answer


def cuts(events: Sequence[Event]) -> list[str]:
    return [event.reason for event in events if isinstance(event, Interrupted)]


def test_a_thought_whose_answer_does_not_change_is_closed() -> None:
    events, engine = run(LONG + "\n</think>\n\n42", "It is 42.")
    assert cuts(events) == ["converged"]
    answer = answer_of(events)
    assert (answer.text, answer.stopped_because) == ("It is 42.", Outcome.COMPLETE)
    assert engine.looked == 5
    assert len(answer.thought) < len(LONG) / 2


def test_looks_cost_tokens_and_leave_no_text() -> None:
    events, engine = run(LONG + "\n</think>\n\n42", "It is 42.")
    aside = [event for event in events if isinstance(event, Thinking) and not event.text and event.tokens > 3]
    assert len(aside) == engine.looked
    assert sum(event.tokens for event in aside) == engine.looked * len(script("It is 42.").tokens)
    usage = answer_of(events).usage
    assert usage.thinking_tokens == sum(event.tokens for event in events if isinstance(event, Thinking))
    assert LONG.startswith(answer_of(events).thought)


def test_a_look_is_at_whole_lines_of_the_thought() -> None:
    _, engine = run(LONG + "\n</think>\n\n42", "It is 42.")
    for request in engine.requests:
        if request.id == "look":
            thought = request.continuation.removeprefix(NANO.think_open).removesuffix(NANO.think_close)
            assert thought.endswith(("seven.", "on."))


def test_an_answer_that_changes_keeps_the_thought_open() -> None:
    events, engine = run(LONG + "\n</think>\n\nIt is 42.", looks=[f"It is {number}." for number in range(100)])
    assert cuts(events) == []
    assert engine.looked > 10
    assert answer_of(events).text == "It is 42."


def test_a_look_without_a_value_is_no_agreement() -> None:
    events, _ = run(LONG + "\n</think>\n\nIt is 42.", looks=["Who knows?"])
    assert cuts(events) == []


@pytest.mark.parametrize(
    ("problem", "continuation", "every"),
    [(replace(QUESTION, form=AnswerForm.TEXT), True, 20), (QUESTION, False, 20), (QUESTION, True, None)],
)
def test_nothing_is_looked_at_where_it_cannot_be_or_nobody_wants_it(
    problem: Problem, continuation: bool, every: int | None
) -> None:
    _, engine = run(LONG + "\n</think>\n\n42", problem=problem, continuation=continuation, every=every)
    assert engine.looked == 0


def test_checked_claims_settle_it_sooner_and_refuted_ones_do_not() -> None:

    engine = Looked([], profile=NANO)
    depth = Depth(QUESTION, engine, lambda thought, most: Request(prompt=thought, max_tokens=most, id="look",
                                                                 sampling=replace(NANO.sampling)), every=1)  # fmt: skip
    for _ in range(3):
        depth.look("Six times seven. ", 1)
    verified, refuted = (
        Evidence("6 * 7 = 42", (0, 5), Verdict(status, "arithmetic")) for status in (Status.VERIFIED, Status.REFUTED)
    )
    assert depth.converged([verified]) == "42"
    assert depth.converged([]) is None
    assert depth.converged([verified, refuted]) is None


def extended(first: str, then: str, **engine: Any) -> tuple[list[Event], ScriptedEngine]:
    machine = ScriptedEngine([script(first), script(then)], profile=replace(NANO, single_turn=False), **engine)
    return list(reason(QUESTION, machine, introspects=True, extends=True)), machine


def test_a_short_thought_in_which_nothing_was_checked_goes_on_once() -> None:
    events, engine = extended("Easy.\n</think>\n\nIt is 41.", "6 * 7 = 42, yes.\n</think>\n\nIt is 42.")
    answer = answer_of(events)
    assert cuts(events) == ["extended"]
    assert (answer.text, answer.stopped_because) == ("It is 42.", Outcome.COMPLETE)
    assert answer.thought == "Easy.\n\nWait, that was quick. Let me check it by a calculation.\n6 * 7 = 42, yes."
    assert engine.requests[1].continuation == NANO.think_open + answer.thought.removesuffix("6 * 7 = 42, yes.")


def test_a_checked_thought_is_left_alone() -> None:
    events, engine = extended("So 6 * 7 = 42, easy enough for me, I should say.\n</think>\n\nIt is 42.", "No.")
    assert cuts(events) == []
    assert len(engine.requests) == 1


def test_an_engine_that_cannot_go_on_from_a_text_is_left_alone() -> None:
    events, _ = extended("Easy.\n</think>\n\nIt is 41.", "No.", continuation=False)
    assert answer_of(events).text == "It is 41."
