"""A program as a second witness: written, run, weighed."""

from __future__ import annotations

import pytest
from scripted import Script, script
from seeded import SeededEngine

from qwill.core import Answer, AnswerForm, Problem, Sampling, Settled
from qwill.core.events import Answering, Event, Finished, Thinking, Verified
from qwill.engine.profiles import NANO, Profile
from qwill.reason import crosscheck
from qwill.reason.crosscheck import (
    Programs,
    can_crosscheck,
    computes,
    has_sandbox,
    printed_by,
    run_program,
    weigh_with_programs,
)
from qwill.reason.deliberate import deliberate
from qwill.reason.effort import Effort, Level
from qwill.reason.measured import Measured
from qwill.reason.posterior import Ballot, Prior, posterior

PLAIN = Profile(name="plain", sampling=Sampling(), think_open="", think_close="")
QUESTION = Problem("Tom has 3 boxes of 7 pens and loses 2. How many are left?", form=AnswerForm.NUMBER)
PROSE = script("3 boxes hold 21 pens. The answer is 19.")
PROGRAM = script("Here it is:\n```python\npens = 3 * 7 - 2\nprint(pens)\n```\nIt multiplies and subtracts.")


needs_sandbox = pytest.mark.skipif(not has_sandbox(), reason="this machine gives no sandbox")


def asked(*scripts: Script, effort: Effort | None = None) -> tuple[list[Event], SeededEngine]:
    """Events where the program (trace 1, with the first trace's seed) is told by its prompt."""
    engine = Prompted((), by_seed=dict(enumerate(scripts)), profile=PLAIN, thinking="none")
    how = effort or Effort(Level.HIGH)
    return list(deliberate(QUESTION, engine, effort=how, sampling=Sampling(seed=0))), engine


class Prompted(SeededEngine):
    """Plays script 1 to the request for a program, whatever its seed."""

    def stream(self, requests):  # type: ignore[no-untyped-def]
        (request,) = requests
        if "Python" in request.messages[-1].content:
            from dataclasses import replace

            request = replace(request, sampling=replace(request.sampling, seed=1))
        return super().stream([request])


def answer_of(events: list[Event]) -> Answer:
    assert isinstance(events[-1], Finished)
    return events[-1].answer


@needs_sandbox
def test_agreement_of_prose_and_program_settles_it() -> None:
    events, _ = asked(PROSE, PROGRAM, *[PROSE] * 9, effort=Effort(certainty=0.8))
    answer = answer_of(events)
    assert (answer.value, answer.text) == ("19", "3 boxes hold 21 pens. The answer is 19.")
    assert answer.settled is Settled.CERTAIN
    (witness,) = [event.evidence for event in events if isinstance(event, Verified)]
    assert "19" in witness.claim
    assert witness.verdict.method == "program"


@needs_sandbox
def test_writing_ends_with_the_program() -> None:
    events, _ = asked(PROSE, PROGRAM, *[PROSE] * 9)
    program = "".join(event.text for event in events if isinstance(event, Thinking) and event.trace == 1)
    assert program.endswith("```")


@needs_sandbox
def test_disagreement_opens_more_traces_and_they_decide() -> None:
    wrong = script("3 and 7 is 10, less 2 is 8. The answer is 8.")
    events, engine = asked(wrong, PROGRAM, *[PROSE] * 14)
    answer = answer_of(events)
    assert answer.value == "19"
    assert answer.text == "3 boxes hold 21 pens. The answer is 19."
    assert len(engine.requests) > 2
    shown = [event for event in events if isinstance(event, Answering) and event.text]
    assert {event.trace for event in shown} == {2}


@needs_sandbox
def test_a_program_that_fails_says_nothing() -> None:
    broken = script("```python\nprint(1/0)\n```")
    events, engine = asked(PROSE, broken, *[script(f"It is {number}.") for number in range(100, 114)])
    assert len(engine.requests) > 5
    details = [event.evidence.verdict.detail for event in events if isinstance(event, Verified)]
    assert all("ZeroDivisionError" in detail for detail in details)
    assert len(details) == 1


@needs_sandbox
@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("print(0.1 + 0.2)", "0.3"),
        ("print('Total:', 18.0)", "18"),
        ("print(f'{1234567:,}')", "1234567"),
        ("print('nothing')", None),
        ("while True: pass", None),
        ("import os; os.kill(os.getpid(), 9)", None),
    ],
)
def test_what_a_program_prints(code: str, value: str | None) -> None:
    assert run_program(code).value == value


def ballots(*labels: str | None, programs: set[int], agreement: float = 0.5) -> list[Ballot]:
    return weigh_with_programs(labels, programs, weight=0.8, agreement=agreement)


def test_an_agreement_counts_once_for_a_value() -> None:
    assert ballots("5", "5", "5", "7", programs={1, 2, 3}) == [
        Ballot("5"),
        Ballot("5", 0.8, 0.5),
        Ballot("5", 0.8),
        Ballot("7", 0.8),
    ]


def test_an_agreement_counts_for_more_than_the_votes() -> None:
    prior = Prior()
    agreed = posterior(ballots("5", "5", programs={1}), prior)
    assert agreed.certainty > posterior(ballots("5", "5", programs={1}, agreement=0.0), prior).certainty


def test_a_silent_program_changes_nothing() -> None:
    prior = Prior()
    alone = posterior(ballots("5", programs=set()), prior)
    assert posterior(ballots("5", None, programs={1}), prior).classes == alone.classes


@pytest.mark.parametrize(
    ("code", "is_work"),
    [
        ("print(72)", False),
        ("answer = 18\nprint(f'It is {answer}')", False),
        ("x = int('7')\nprint(float(x))", False),
        ("print(48 + 24)", True),
        ("n = 1\nn += 2\nprint(n)", True),
        ("import math\nprint(math.comb(5, 2))", True),
        ("print('strawberry'.count('r'))", True),
        ("print(sum(i for i in range(3)))", True),
        ("print(1", True),
    ],
)
def test_which_programs_work_their_number_out(code: str, is_work: bool) -> None:
    assert computes(code) is is_work


def test_a_program_that_only_holds_its_number_is_no_witness() -> None:
    printed = printed_by("```python\nprint(19)\n```")
    assert printed.value is None
    assert "computes nothing" in printed.detail


@needs_sandbox
def test_further_witnesses_may_be_programs_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qwill.reason.deliberate.measured", lambda engine: Measured(programs=3))
    events, engine = asked(PROSE, PROGRAM, *[script("The answer is 7.")] * 14)
    asked_for_programs = [r for r in engine.requests if "Python" in r.messages[-1].content]
    assert sorted({r.sampling.temperature for r in asked_for_programs}) == [0.0, 0.7]
    assert len(asked_for_programs) == 3
    assert answer_of(events).text == "3 boxes hold 21 pens. The answer is 19."


def test_where_programs_say_nothing_no_more_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crosscheck, "has_sandbox", lambda: True)
    programs = Programs(8)
    assert [programs.takes(index) for index in (0, 1, 2)] == [False, True, True]
    programs.heard(["7", None])
    assert programs.takes(3)
    programs.heard(["7", None, None, None])
    assert not programs.takes(4)


def test_without_a_sandbox_all_witnesses_are_prose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crosscheck, "has_sandbox", lambda: False)
    events, engine = asked(*[PROSE] * 14, effort=Effort(certainty=0.9))
    assert answer_of(events).value == "19"
    assert not any("Python" in request.messages[-1].content for request in engine.requests)


def test_only_numbers_and_models_that_know_more_than_their_tasks() -> None:
    plain = SeededEngine((), profile=PLAIN)
    assert can_crosscheck(QUESTION, plain)
    assert not can_crosscheck(QUESTION, SeededEngine((), profile=NANO))
    assert not can_crosscheck(Problem("Write a poem."), plain)
