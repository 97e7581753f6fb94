"""Streams as records: whoever follows one arrives at its answer, and a kill at any event leaves a readable run."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import streams
from click.testing import CliRunner
from scripted import ScriptedEngine, script
from seeded import SeededEngine
from streams import examine, follow

from qwill.cli import main
from qwill.cli.recording import Recorder
from qwill.core import AnswerForm, Problem, Sampling
from qwill.core.events import Answering, Event, Finished, Interrupted, from_json
from qwill.engine.profiles import NANO
from qwill.reason.deliberate import deliberate
from qwill.reason.effort import Effort, Level
from qwill.reason.thinker import reason
from qwill.runs import RunFolder, list_runs

QUESTION = Problem("What is 37 times 24, plus 5?", form=AnswerForm.NUMBER)
CORRECTED = ("So 37 × 24 = 878 at first.\nAnd then", " 893.\n</think>\n\nIt is 893.")


def one() -> Iterator[Event]:
    """A thought that is put right in the middle."""
    engine = ScriptedEngine([script(text) for text in CORRECTED], profile=replace(NANO, single_turn=False))
    return reason(QUESTION, engine, introspects=True)


def several() -> Iterator[Event]:
    """Thoughts that are weighed."""
    scripts = {seed: script(f"n\n</think>\n\nIt is {value}.") for seed, value in enumerate("344444444444")}
    engine = SeededEngine((), by_seed=scripts, profile=replace(NANO, name="unmeasured"))
    return deliberate(QUESTION, engine, effort=Effort(Level.HIGH), sampling=Sampling(0.0, seed=0))


KeptUntilKilled = Callable[[Iterable[Event], int], RunFolder]


@pytest.fixture
def kept_until_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> KeptUntilKilled:
    """Makes the run of a process that kept some events and was killed when it had given out so many."""

    def killed(events: Iterable[Event], number: int) -> RunFolder:
        monkeypatch.setenv("QWILL_RUNS", str(tmp_path / f"runs-{number}"))
        return keep(iter(events), number)

    return killed


def keep(events: Iterator[Event], number: int) -> RunFolder:
    child = os.fork()
    if child == 0:
        for count, _ in enumerate(Recorder("ask", {"question": QUESTION.text}, wanted=True).keep(events), 1):
            if count == number:
                os.kill(os.getpid(), signal.SIGKILL)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    (run,) = list_runs()
    return run


@pytest.mark.parametrize("make", [one, several])
def test_a_kill_at_any_event_leaves_a_readable_run(make: streams.Make, kept_until_killed: KeptUntilKilled) -> None:
    whole = list(make())
    for number in range(1, len(whole) + 1):
        run = kept_until_killed(whole, number)
        assert [from_json(line) for line in run.journal.lines()] == whole[:number]
        for command in (["list"], ["show", run.name], ["replay", run.name], ["replay", "--json", run.name]):
            result = CliRunner().invoke(main, ["runs", *command])
            assert result.exit_code == 0, (number, command, result.output)
        assert len(result.stdout.splitlines()) == number
    assert json.loads(result.stdout.splitlines()[-1])["event"] == "finished"


@pytest.mark.parametrize("make", [one, several])
def test_a_kill_in_the_middle_of_an_event_loses_that_event_alone(
    make: streams.Make, kept_until_killed: KeptUntilKilled
) -> None:
    whole = list(make())
    run = kept_until_killed(whole, len(whole) - 1)
    torn = run.journal.path.read_bytes()[:-20]
    run.journal.path.write_bytes(torn)
    assert [from_json(line) for line in run.journal.lines()] == whole[: len(whole) - 2]
    assert CliRunner().invoke(main, ["runs", "replay", run.name]).exit_code == 0


def test_a_reader_arrives_at_thought_and_answer() -> None:
    events = list(one())
    last = events[-1]
    assert isinstance(last, Finished)
    told = follow(events)
    assert told.thoughts == {0: last.answer.thought}
    assert told.answers == {0: "It is 893."}


def test_all_streams_of_these_tests_are_examined() -> None:
    before = dict(streams.examined)
    list(several())
    assert streams.examined["whole"] > before["whole"] + 2, "the whole, and the traces within"
    left = one()
    next(left)
    left.close()  # type: ignore[attr-defined]
    assert streams.examined["left"] > before["left"]


def test_what_does_not_add_up_is_noticed() -> None:
    events = list(one())
    for wrong in (
        [event for event in events if not isinstance(event, Answering)],
        [event for event in events if not isinstance(event, Interrupted)][1:],
        [*events[:-1], *events[-2:]],
    ):
        streams.broken.clear()
        examine(wrong)
        assert streams.broken
    streams.broken.clear()
