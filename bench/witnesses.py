"""What introspection and programs say on the samples of a bank: drawn once with the bank's model, and kept in a file.

    python bench/witnesses.py BANK witnesses.jsonl --model MODEL --precision bf16 --programs 4

For each sample, its text as introspection would have it: cut where a tool refutes a claim, and written on from the
correction. Every other token is that of the bank, so the same texts with and without introspection are compared. And
for each problem programs, each run in the sandbox: one drawn greedily, and as many more as --programs says at
temperature 0.7. What the file holds is not done again. `bench/reasoning.py` and `bench/effort.py` read it.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from qwill.api import open_model
from qwill.bank.grading import grade
from qwill.core import AnswerForm, Budget, Outcome, Sampling, Status
from qwill.core import Problem as Question
from qwill.core.events import Finished, Interrupted
from qwill.engine.around import Around
from qwill.engine.profiles import Profile
from qwill.engine.protocol import Delta, Engine, Finish, Message, Request, Stream, TokenInfo
from qwill.reason.crosscheck import TOKENS, asking_for_program, is_whole, printed_by
from qwill.reason.guard_settings import UNGUARDED
from qwill.reason.thinker import reason
from qwill.runs import Bank, Problem, Sample, bank_path
from qwill.runs.journal import Journal

_PIECE = 12  # characters that come at once: the guard reads along as it does with a model
_AT_ONCE = 64
_IN_A_ROUND = 192  # programs that are written before they are run: a kill loses no more than these
_SANDBOXES = 4
_DIVERSE = 0.7  # temperature of programs after the first


@dataclass
class Witnesses:
    """What a file holds.

    Attributes:
        read: by sample key: corrected (how often), refuted (claims that still stand), tokens, value, right, and the
            text where it was corrected.
        programs: by problem and seed (0 is the greedy one): text, tokens, value, right, detail.
    """

    read: dict[str, dict[str, Any]] = field(default_factory=dict)
    programs: dict[str, dict[int, dict[str, Any]]] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> Witnesses:
        found = cls()
        for record in Journal(path).read():
            if record["kind"] == "read":
                found.read[record["key"]] = record
            else:
                found.programs.setdefault(record["problem"], {})[record.get("seed", 0)] = record
        return found


class Recorded(Around):
    """An engine that plays a sample of the bank to its first request, and writes by itself from then on.

    So the course of an answer is taken as users have it: where nothing is cut, the sample comes out as it was.
    """

    def __init__(self, engine: Engine, sample: Sample) -> None:
        super().__init__(engine)
        self._sample: Sample | None = sample

    def stream(self, requests: Sequence[Request]) -> Stream:
        sample, self._sample = self._sample, None
        return self._engine.stream(requests) if sample is None else _Played(requests[0].id, sample, self.profile)


class _Played:
    """The deltas of a recorded sample, its tokens spread evenly."""

    def __init__(self, request: str, sample: Sample, profile: Profile) -> None:
        self._text = sample.thought + profile.think_close * bool(sample.thought and sample.text) + sample.text
        self._request, self._sample = request, sample

    def __iter__(self) -> Iterator[Delta]:
        said = 0
        for begin in range(0, len(self._text), _PIECE):
            piece = self._text[begin : begin + _PIECE]
            due = round(self._sample.tokens * (begin + len(piece)) / len(self._text))
            yield Delta(self._request, piece, tuple(TokenInfo(0) for _ in range(due - said)))
            said = due
        yield Delta(self._request, finish=Finish(self._sample.finish))

    def cancel(self, request: str) -> None:
        assert request == self._request

    def close(self) -> None:
        pass


def read(engine: Engine, sample: Sample, problem: Problem) -> dict[str, Any]:
    """A sample as introspection has it."""
    settings = sample.settings
    asked = Question(str(settings["prompt"]).replace("{question}", problem.question))
    most = int(settings["max_tokens"])
    # A model that thinks apart shares its tokens among both as it likes; the bank kept nothing for the answer.
    budget = Budget(None, 1) if engine.profile.think_close else Budget(0, most)
    sampling = Sampling(temperature=float(settings["temperature"]), seed=sample.seed)
    corrected = 0
    events = reason(
        asked, Recorded(engine, sample), budget=budget, sampling=sampling, introspects=True,
        guards=UNGUARDED,
    )  # fmt: skip
    for event in events:
        corrected += isinstance(event, Interrupted) and event.reason == "refuted"
    assert isinstance(event, Finished)
    answer = event.answer
    value, right, finish = sample.value, sample.right, sample.finish
    if corrected:
        finish = Finish.STOP if answer.stopped_because is Outcome.COMPLETE else Finish.LENGTH
        value, right = grade(problem, replace(sample, text=answer.text, thought=answer.thought, finish=finish))
    found = [
        *answer.evidence,
        *(evidence for trace in answer.traces for step in trace.steps for evidence in step.evidence),
    ]
    return {
        "kind": "read", "key": sample.key, "corrected": corrected,
        "refuted": sum(evidence.verdict.status is Status.REFUTED for evidence in found),
        "tokens": answer.usage.thinking_tokens + answer.usage.answer_tokens, "value": value, "right": right,
        "text": answer.text if corrected else "", "thought": answer.thought if corrected else "",
    }  # fmt: skip


def read_all(engine: Engine, samples: Sequence[Sample], bank: Bank) -> Iterator[dict[str, Any]]:
    """Each sample with its claims put right, many at once."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        yield from pool.map(lambda sample: read(engine, sample, bank.problems[sample.dataset, sample.problem]), samples)


def write_programs(
    engine: Engine, problems: Sequence[Problem], known: Witnesses, most: int
) -> Iterator[dict[str, Any]]:
    """The programs that are missing, and what they come to: a greedy one for each problem, and `most` others."""
    wanted = [
        (problem, seed)
        for seed in range(most + 1)
        for problem in problems
        if seed not in known.programs.get(problem.id, {})
    ]
    for begin in range(0, len(wanted), _IN_A_ROUND):
        yield from _write_round(engine, wanted[begin : begin + _IN_A_ROUND])


def _write_round(engine: Engine, wanted: Sequence[tuple[Problem, int]]) -> Iterator[dict[str, Any]]:
    """Write some programs, then run them: that takes as long, and on the same cores."""
    requests = [
        Request(
            (Message("user", asking_for_program(Question(problem.question, form=AnswerForm.NUMBER))),),
            max_tokens=TOKENS, sampling=Sampling(_DIVERSE if seed else 0.0, seed=seed), id=str(place),
        )
        for place, (problem, seed) in enumerate(wanted)
    ]  # fmt: skip
    written = list(texts(engine, requests, until_program=True))
    with ThreadPoolExecutor(_SANDBOXES) as pool:
        for (place, text, tokens, _), printed in zip(
            written, pool.map(printed_by, (text for _, text, *_ in written)), strict=True
        ):
            problem, seed = wanted[int(place)]
            value = _comparable(printed.value)
            right = value is not None and value == _comparable(problem.reference)
            yield {
                "kind": "program", "problem": problem.id, "seed": seed, "text": text, "tokens": tokens, "value": value,
                "right": right, "detail": printed.detail,
            }  # fmt: skip


def _comparable(value: str | None) -> str | None:
    """A number as the bank writes it."""
    try:
        return None if value is None else str(Fraction(value.replace(",", "")))
    except (ValueError, ZeroDivisionError):
        return value


def texts(
    engine: Engine, requests: Sequence[Request], until_program: bool = False
) -> Iterator[tuple[str, str, int, str]]:
    """(id, text, tokens, finish) of each request as it ends."""
    written = {request.id: "" for request in requests}
    tokens = dict.fromkeys(written, 0)
    with closing(engine.stream(requests)) as stream:
        for delta in stream:
            written[delta.request] += delta.text
            tokens[delta.request] += len(delta.tokens)
            if delta.finish:
                yield delta.request, written[delta.request], tokens[delta.request], delta.finish
            elif until_program and is_whole(written[delta.request]):
                stream.cancel(delta.request)


def chosen(bank: Bank, skip: int, limit: int) -> list[Problem]:
    """So many problems of each dataset of a bank, behind those that are skipped."""
    found: dict[str, list[Problem]] = {}
    for problem in bank.problems.values():
        found.setdefault(problem.dataset, []).append(problem)
    return [problem for problems in found.values() for problem in problems[skip : skip + limit]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bank")
    parser.add_argument("file", type=Path)
    parser.add_argument("--model", required=True, help="the model that wrote the bank")
    parser.add_argument("--precision")
    parser.add_argument("--limit", type=int, default=10**6, help="most problems of a dataset, as they come")
    parser.add_argument("--skip", type=int, default=0, help="problems of a dataset to leave out before those")
    parser.add_argument("--samples", type=int, default=8, help="most samples of a problem beside the greedy one")
    parser.add_argument(
        "--programs", type=int, help="programs of a problem beside the greedy one; by default not even that"
    )
    args = parser.parse_args()
    bank = Bank.existing(bank_path(args.bank))
    known, journal = Witnesses.load(args.file), Journal(args.file)
    engine = open_model(args.model, args.precision)
    problems = chosen(bank, args.skip, args.limit)
    programs = 0
    for record in write_programs(engine, problems, known, args.programs) if args.programs is not None else ():
        journal.append(record, durable=False)
        programs += 1
    wanted = {(problem.dataset, problem.id) for problem in problems}
    own = [sample for sample in bank if (sample.dataset, sample.problem) in wanted and sample.seed < args.samples]
    samples = [sample for sample in own if sample.key not in known.read]
    for record in read_all(engine, samples, bank):
        journal.append(record, durable=False)
    journal.close()
    print(f"{programs} programs and {len(samples)} samples more in {args.file}")


if __name__ == "__main__":
    main()
