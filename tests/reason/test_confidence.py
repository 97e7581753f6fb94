"""Confidence from token probabilities: heard in passing, and weighed with care."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pytest
from scripted import ScriptedEngine, ScriptedStream, script

from qwill.core import Answer
from qwill.core.events import Finished
from qwill.engine.protocol import Capabilities, Delta, Request, TokenInfo
from qwill.reason.confidence import Calibration, Listener, confidence, heard_by, lean_on_confidence
from qwill.reason.deliberate import deliberate
from qwill.reason.effort import Effort, Level
from qwill.reason.guard_settings import Guards
from qwill.reason.parse import parse
from qwill.reason.posterior import Ballot, Prior, posterior
from qwill.reason.thinker import reason

BY = Calibration(offset=-3.0, slope=-1.0, base=0.4)
PRIOR = Prior(1.0, 1.0, 2.0, 0.3)


class TellingEngine(ScriptedEngine):
    """Tells a log-probability of -0.5 for every token, where it is asked."""

    def stream(self, requests: Sequence[Request]) -> ScriptedStream:
        return _Telling(super().stream(requests), requests[0].logprobs)  # type: ignore[return-value]


@dataclass
class _Telling:
    stream: ScriptedStream
    asked: int | None

    def __iter__(self) -> Iterator[Delta]:
        for delta in self.stream:
            logprob = None if self.asked is None else -0.5
            yield replace(delta, tokens=tuple(TokenInfo(id=token.id, logprob=logprob) for token in delta.tokens))

    def cancel(self, request: str) -> None:
        self.stream.cancel(request)

    def close(self) -> None:
        self.stream.close()


def test_a_listener_hears_and_changes_nothing_else() -> None:
    said = "s t r\n</think>\n\nThere are 3."
    plain = list(reason(parse("How many r?"), TellingEngine([script(said)])))
    listener = Listener(TellingEngine([script(said)]), BY)
    heard = list(reason(parse("How many r?"), listener))
    assert listener.sure == pytest.approx(confidence(-0.5, BY))
    assert not listener.hopeless
    assert heard[:-1] == plain[:-1]


def test_nothing_heard_is_nothing_known() -> None:
    assert Listener(ScriptedEngine([script("3")]), BY).sure is None
    assert heard_by(ScriptedEngine([script("3")]), BY) is None


class EngineWithHead(ScriptedEngine):
    """Its head says what stands in a line as `p=…`, for every token of the line and nothing where none does."""

    @property
    def capabilities(self) -> Capabilities:
        return replace(super().capabilities, confidence=True)

    def stream(self, requests: Sequence[Request]) -> ScriptedStream:
        assert all(request.confidence for request in requests)
        return _Estimating(super().stream(requests))  # type: ignore[return-value]


@dataclass
class _Estimating:
    stream: ScriptedStream

    def __iter__(self) -> Iterator[Delta]:
        text = ""
        for delta in self.stream:
            said = re.findall(r"p=0?([.]\d)", text.rpartition("\n")[2])
            sure = float(said[-1]) if said else 0.5
            yield replace(delta, tokens=tuple(replace(token, confidence=sure) for token in delta.tokens))
            text += delta.text

    def cancel(self, request: str) -> None:
        self.stream.cancel(request)

    def close(self) -> None:
        self.stream.close()


@pytest.mark.parametrize(
    ("thought", "sure", "hopeless"),
    [
        ("p=.9\np=.4\n", 0.4, False),  # what the last whole line says, not a better one before
        ("p=.9\np=.1\n", 0.1, True),
        ("p=.1\np=.8\n", 0.8, False),
    ],
)
def test_a_head_is_heard_at_the_ends_of_the_thoughts_steps(thought: str, sure: float, hopeless: bool) -> None:
    engine = EngineWithHead([script(f"{thought}</think>\n\np=.2\nIt is 3.")])
    by = heard_by(engine, None)
    assert by is not None
    listener = Listener(engine, by)
    list(reason(parse("How many r?"), listener))
    assert listener.sure == pytest.approx(sure)
    assert listener.hopeless is hopeless


def test_hopeless_traces_are_given_up_and_the_first_never_is() -> None:
    hopeless = "p=.1\n" + "more\n" * 30 + "</think>\n\nThe answer is 4."
    hopeful = "p=.9\n</think>\n\nThe answer is 3."
    engine = EngineWithHead([script(text) for text in (hopeless, hopeful, hopeless, hopeful)])
    problem, guards = parse("How many r are in it?"), Guards(loops=False)
    events = list(deliberate(problem, engine, effort=Effort(Level.MAX), guards=guards))
    (finished,) = (event for event in events if isinstance(event, Finished))
    assert finished.answer.value == "3"
    lines = [trace.text.count("more") for trace in finished.answer.traces]
    assert sorted(lines)[-1] == 30  # the first
    assert sum(count == 30 for count in lines) == 1
    assert any(0 <= count < 5 for count in lines if count != 30)


def test_surer_texts_are_likelier_right() -> None:
    assert confidence(-0.001, BY) > confidence(-0.01, BY) > confidence(-0.3, BY)
    assert 0 < confidence(0.0, BY) < 1


def told(label: str, sure: float) -> tuple[Ballot, Answer]:
    return Ballot(label), Answer(text=label, value=label, confidence=sure)


def test_the_surer_of_two_answers_is_preferred() -> None:
    ballots, answers = zip(told("7", 0.5), told("8", 0.9), strict=True)
    leaning, prior = lean_on_confidence(ballots, answers, PRIOR, BY)
    assert posterior(leaning, prior).best == "8"


def test_sure_answers_make_the_problem_look_easier() -> None:
    sure, unsure = (
        posterior(*lean_on_confidence([Ballot("7")], [Answer(text="7", value="7", confidence=share)], PRIOR, BY))
        for share in (0.95, 0.3)
    )
    assert sure.certainty > posterior([Ballot("7")], PRIOR).certainty > unsure.certainty


def test_without_confidences_nothing_changes() -> None:
    ballots = [Ballot("7"), Ballot(None)]
    assert lean_on_confidence(ballots, [Answer(text="7", value="7"), None], PRIOR, BY) == (ballots, PRIOR)


def test_capabilities_are_those_of_the_engine() -> None:
    engine = ScriptedEngine([script("3")])
    capabilities: Capabilities = Listener(engine, BY).capabilities
    assert capabilities == engine.capabilities
