"""Claims checked while a thought streams, and put right inside of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from scripted import Script, ScriptedEngine, script

from qwill.core import Answer, AnswerForm, Evidence, Language, Problem, Sampling, Status, Verdict
from qwill.core.events import (
    Answering,
    Event,
    Finished,
    Interrupted,
    Questioned,
    Thinking,
    Verified,
    from_json,
    to_json,
)
from qwill.engine.profiles import Profile
from qwill.reason.guard_stream import Cut
from qwill.reason.introspect import MOST_CORRECTIONS, ClaimGuard, Introspection, doubt_refuted
from qwill.reason.posterior import Ballot
from qwill.reason.thinker import reason

QUESTION = Problem("What is 37 times 24, plus 5?", form=AnswerForm.NUMBER)
THINKS = Profile(name="thinks", sampling=Sampling(), think_open="<think>\n", think_close="\n</think>\n\n",
                 opens_thought_itself=True)  # fmt: skip
PLAIN = Profile(name="plain", sampling=Sampling(), think_open="", think_close="")
FALSE_LINE = "First, 37 × 24 = 878 by the usual way.\nThen I add 5 to it."


def read(text: str, *, in_answer: bool = False, step: int = 5) -> tuple[Introspection, Cut | None]:
    """What a guard finds in a text that comes in small pieces."""
    found = Introspection(Language.ENGLISH)
    guard = ClaimGuard(found, in_answer=in_answer, corrects=True)
    for start in range(0, len(text), step):
        if cut := guard.push(text[start : start + step]):
            return found, cut
    return found, guard.finish()


def run(
    *scripts: str | Script, profile: Profile = THINKS, problem: Problem = QUESTION, **engine: Any
) -> tuple[list[Event], ScriptedEngine]:
    machine = ScriptedEngine(
        [played if isinstance(played, Script) else script(played) for played in scripts],
        profile=profile,
        thinking="tags" if profile.think_close else "none",
        **engine,
    )
    events = list(reason(problem, machine, introspects=True))
    assert [from_json(to_json(event)) for event in events] == events
    assert machine.streams_open == 0
    return events, machine


def answer_of(events: Sequence[Event]) -> Answer:
    assert isinstance(events[-1], Finished)
    return events[-1].answer


def replayed(events: Sequence[Event], of: type[Thinking | Answering]) -> str:
    """The text that somebody has who follows the events."""
    text, in_answer = "", False
    for event in events:
        in_answer |= isinstance(event, Answering)
        if isinstance(event, of):
            text += event.text
        elif isinstance(event, Interrupted) and in_answer == (of is Answering):
            text = text[: event.keep] + event.appended
    return text


@pytest.mark.parametrize("step", [1, 5, 1000])
def test_a_false_claim_is_cut_and_corrected_in_words(step: int) -> None:
    found, cut = read(FALSE_LINE, step=step)
    assert cut is not None
    assert FALSE_LINE[: cut.keep] == "First, 37 × 24 = 878"
    assert cut.appended == "\nWait: 37 × 24 = 888, not 878.\n"
    assert [evidence.verdict.status for evidence in found.of_thought] == [Status.REFUTED]


def test_in_an_answer_the_number_itself_is_replaced() -> None:
    _, cut = read(FALSE_LINE, in_answer=True)
    assert cut is not None
    assert FALSE_LINE[: cut.keep] + cut.appended == "First, 37 × 24 = 888"


@pytest.mark.parametrize(
    "text",
    [
        "40 + 60 + 50 = 150, so 40 + 60 = 100 + 50 = 150.",
        "x = 5 and 3x = 15.",
        "If 2 + 2 = 5, then pigs fly.",
        r"We need \frac{3}{4}N = 20 for this.",
        "The date 2024-05-06 is past; 5 of 6 = most.",
        "12 apples / 3 = 4 apples each",
        "z=8\ncheck:\n8*-9=-72\n-72-11=-83",
    ],
)
def test_what_is_true_or_unknown_is_left_alone(text: str) -> None:
    assert read(text + " " * 50)[1] is None


def test_a_claim_is_read_only_once_it_is_over() -> None:
    found = Introspection(Language.ENGLISH)
    guard = ClaimGuard(found, in_answer=False, corrects=True)
    assert guard.push("So 37 × 24 = 8") is None
    assert guard.push("88 exactly.\n") is None
    assert [evidence.verdict.status for evidence in found.of_thought] == [Status.VERIFIED]


def test_the_thought_goes_on_from_the_correction() -> None:
    events, engine = run(
        FALSE_LINE + "\nSo 878 + 5 = 883.\n</think>\n\n883", "So 888 + 5 = 893.\n</think>\n\nIt is 893."
    )
    answer = answer_of(events)
    assert (answer.value, answer.text) == ("893", "It is 893.")
    assert answer.thought == "First, 37 × 24 = 878\nWait: 37 × 24 = 888, not 878.\nSo 888 + 5 = 893."
    assert engine.requests[1].continuation == "<think>\n" + answer.thought[: answer.thought.index("So 888")]
    assert replayed(events, Thinking) == answer.thought
    assert [event.reason for event in events if isinstance(event, Interrupted)] == ["refuted"]
    assert [event.claim for event in events if isinstance(event, Questioned)] == ["37 × 24 = 878"]


def test_a_model_that_knows_no_words_has_the_number_itself_replaced_in_its_thought() -> None:
    terse = replace(THINKS, single_turn=True)
    events, engine = run(
        "430-240=290\n290-240=50\n</think>\n\n50", "\n190-50=140\n</think>\n\nIt is 140.", profile=terse
    )
    answer = answer_of(events)
    assert (answer.value, answer.thought) == ("140", "430-240=190\n190-50=140")
    assert engine.requests[1].continuation == "<think>\n430-240=190"
    assert replayed(events, Thinking) == answer.thought
    ledger = [evidence for step in answer.traces[0].steps for evidence in step.evidence]
    assert [(found.claim, found.verdict.status) for found in ledger] == [
        ("430-240=190", Status.VERIFIED),
        ("190-50=140", Status.VERIFIED),
    ]


@pytest.mark.parametrize("line", ["25/3=7", "12-26=6"])
def test_a_number_of_another_kind_is_not_put_into_such_a_thought(line: str) -> None:
    events, engine = run(f"{line}\nso\n</think>\n\n7", profile=replace(THINKS, single_turn=True))
    assert len(engine.requests) == 1
    assert [event.claim for event in events if isinstance(event, Questioned)] == [line]


def test_the_ledger_is_in_the_steps_of_the_thought() -> None:
    events, _ = run(FALSE_LINE + "\n</think>\n\n883", "So 888 + 5 = 893.\n</think>\n\n37 × 24 + 5 = 893")
    answer = answer_of(events)
    in_steps = [evidence for step in answer.traces[0].steps for evidence in step.evidence]
    assert [(e.claim, e.verdict.status) for e in in_steps] == [
        ("37 × 24 = 878", Status.REFUTED),
        ("888 + 5 = 893", Status.VERIFIED),
    ]
    assert [e.claim for e in answer.evidence] == ["37 × 24 + 5 = 893"]
    told = [event.evidence for event in events if isinstance(event, Verified)]
    assert sorted(e.claim for e in told) == ["37 × 24 + 5 = 893", "37 × 24 = 878", "888 + 5 = 893"]


def test_an_answer_without_thought_is_put_right_in_its_place() -> None:
    events, engine = run(
        "37 × 24 = 878 by hand.\nThen 878 + 5 = 883, the answer.", ", and then 888 + 5 = 893.", profile=PLAIN
    )
    answer = answer_of(events)
    assert answer.text == "37 × 24 = 888, and then 888 + 5 = 893."
    assert engine.requests[1].continuation == "37 × 24 = 888"
    assert replayed(events, Answering) == answer.text
    assert {e.verdict.status for e in answer.evidence} == {Status.VERIFIED}
    assert len(answer.evidence) == 2


def test_a_false_claim_at_the_very_end_is_put_right_too() -> None:
    events, engine = run("So 37 × 24 = 878", ".", profile=PLAIN)
    assert answer_of(events).text == "So 37 × 24 = 888."
    assert len(engine.requests) == 2


def test_corrections_are_bounded() -> None:
    events, engine = run(*["So 37 × 24 = 878 as was said.\nAnd then"] * 20, profile=PLAIN)
    assert len(engine.requests) == MOST_CORRECTIONS + 1
    assert answer_of(events).text


def test_an_engine_that_cannot_go_on_from_a_text_is_told_in_another_turn() -> None:
    events, engine = run("37 × 24 = 878, so 883.", "37 × 24 = 888, so 893.", profile=PLAIN, continuation=False)
    answer = answer_of(events)
    assert answer.text == "37 × 24 = 888, so 893."
    assert [message.role for message in engine.requests[1].messages] == ["user", "assistant", "user"]
    assert "37 × 24 = 888, not 878" in engine.requests[1].messages[-1].content
    assert replayed(events, Answering) == answer.text


def test_right_answers_cost_nothing_more() -> None:
    events, engine = run("37 × 24 = 888.\n888 + 5 = 893.", profile=PLAIN)
    assert len(engine.requests) == 1
    assert answer_of(events).text == "37 × 24 = 888.\n888 + 5 = 893."


def test_chinese_is_corrected_in_chinese() -> None:
    question = Problem("37乘24是多少？", language=Language.CHINESE_SIMPLIFIED, form=AnswerForm.NUMBER)
    events, _ = run("先算 37×24=878。\n然后", "得到 888。\n</think>\n\n答案是888。", problem=question)
    assert "\n等等：37×24 = 888，不是 878。\n" in answer_of(events).thought


def test_an_answer_in_which_a_false_claim_stands_counts_less() -> None:
    false = Evidence("2+2=5", (0, 5), Verdict(Status.REFUTED, "arithmetic"))
    answers = [Answer(text="2+2=5", evidence=(false,)), Answer(text="4"), None]
    first, second, third = doubt_refuted([Ballot("5"), Ballot("4"), Ballot(None)], answers)
    assert first.evidence < 0
    assert (second, third) == (Ballot("4"), Ballot(None))
