"""What effort, introspection and the program cross-check are worth, on the samples of a bank.

    python bench/reasoning.py BANK witnesses.jsonl
    python bench/reasoning.py BANK witnesses.jsonl --figures fitted.json --greedy-first

Each problem's samples are put in many random orders and given to each rule one wave after the other, as `qwill ask`
does it: what a trace has written when the answer is settled counts. Of the report half, unless --half says otherwise.
`bench/witnesses.py` makes the witnesses: the same texts with introspection, and programs. Problems that it has not read
are left out. Of models that `qwill.reason.measured` does not know, `bench/effort.py --fit --write` makes the figures.

Columns: accuracy; tokens and texts a problem; tokens as a share of SC@8's; the paired difference to SC@8 in points; and
the paired difference to as many tokens of plain majority (a mixture of two numbers of votes). 95% intervals over
problems (bootstrap, the same resamples for all).
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from qwill.core import Answer, Evidence, Status, Verdict
from qwill.reason.confidence import Calibration, confidence, lean_on_confidence
from qwill.reason.crosscheck import weigh_with_programs
from qwill.reason.effort import Decision, Effort, Level, decide, plan
from qwill.reason.introspect import doubt_refuted
from qwill.reason.measured import Measured, measured_by_name
from qwill.reason.posterior import Ballot, Prior
from qwill.runs import Bank, Sample, bank_path, half_of
from witnesses import Witnesses

ORDERS = 6
RESAMPLES = 4000
MOST = 8


@dataclass(frozen=True)
class Text:
    """One sample, or a program, as a rule sees it."""

    value: str | None
    right: bool
    tokens: int
    logprob: float | None = None
    refuted: bool = False
    is_program: bool = False


@dataclass(frozen=True)
class Case:
    """A problem: its samples, each with what introspection made of it; the greedy one likewise; and its programs, the
    greedy one first."""

    problem: str
    drawn: tuple[tuple[Text, Text], ...]
    greedy: tuple[Text, Text] | None
    programs: tuple[Text, ...] = ()

    @property
    def right(self) -> set[str | None]:
        """The values that are right, of those that some text gives."""
        texts = [text for pair in (*self.drawn, self.greedy or ()) for text in pair]
        return {text.value for text in (*texts, *self.programs) if text.right and text.value is not None}


def cases_of(bank: Bank, witnesses: Witnesses, half: str) -> list[Case]:
    drawn: dict[str, list[Sample]] = {}
    greedy: dict[str, Sample] = {}
    for sample in bank:
        if half in ("both", half_of(sample.problem)) and sample.key in witnesses.read:
            if sample.settings["temperature"]:
                drawn.setdefault(sample.problem, []).append(sample)
            else:
                greedy[sample.problem] = sample
    return [
        Case(
            problem,
            tuple(_texts(sample, witnesses) for sample in samples[:MOST]),
            _texts(greedy[problem], witnesses) if problem in greedy else None,
            _programs(problem, witnesses),
        )
        for problem, samples in drawn.items()
        if len(samples) >= MOST
    ]


def _texts(sample: Sample, witnesses: Witnesses) -> tuple[Text, Text]:
    mean = None if sample.logprob is None else sample.logprob / max(sample.tokens, 1)
    plain = Text(sample.value, bool(sample.right), sample.tokens, mean)
    read = witnesses.read.get(sample.key)
    if read is None:
        return plain, plain
    return plain, Text(read["value"], bool(read["right"]), read["tokens"], mean, read["refuted"] > 0)


def _programs(problem: str, witnesses: Witnesses) -> tuple[Text, ...]:
    found = sorted(witnesses.programs.get(problem, {}).items())
    return tuple(Text(one["value"], one["right"], one["tokens"], is_program=True) for _, one in found)


@dataclass(frozen=True)
class Given:
    """What a rule gives for one order of the samples, and how certain it says that this is."""

    value: str | None
    tokens: int
    texts: int
    certainty: float = 0.0


Rule = Callable[[Case, Sequence[int]], Given]
"""From a problem and an order of its samples to an answer."""


def majority(count: int, introspects: bool = False) -> Rule:
    def rule(case: Case, order: Sequence[int]) -> Given:
        texts = [case.drawn[place][introspects] for place in order[:count]]
        votes = Counter(text.value for text in texts if text.value is not None)
        return Given(votes.most_common(1)[0][0] if votes else None, sum(text.tokens for text in texts), count)

    return rule


def greedy(introspects: bool) -> Rule:
    def rule(case: Case, order: Sequence[int]) -> Given:
        assert case.greedy
        text = case.greedy[introspects]
        return Given(text.value, text.tokens, 1)

    return rule


@dataclass(frozen=True)
class Weighing:
    """How `deliberate` weighs the texts of one problem, and which of its witnesses it calls: so many programs behind
    the first text, claims, log-probabilities."""

    known: Measured
    level: Level = Level.AUTO
    programs: int = 0
    introspects: bool = False
    leans: bool = False
    greedy_first: bool = False

    def ballots(self, texts: Sequence[Text]) -> tuple[Sequence[Ballot], Prior]:
        """What each text counts, and what was expected before."""
        answers = [self._answer(text) for text in texts]
        programs = {place for place, text in enumerate(texts) if text.is_program}
        ballots: Sequence[Ballot] = weigh_with_programs(
            [text.value for text in texts], programs, weight=self.known.program, agreement=self.known.agreement
        )
        if self.introspects:
            ballots = doubt_refuted(ballots, answers)
        if self.leans and self.known.calibration:
            return lean_on_confidence(ballots, answers, self.known.prior, self.known.calibration)
        return ballots, self.known.prior

    def decide(self, texts: Sequence[Text], most: int) -> Decision:
        ballots, prior = self.ballots(texts)
        intended = plan(Effort(self.level), None, self.known)
        return decide(ballots, replace(intended, most=min(intended.most, most), prior=prior))

    def texts(self, case: Case, order: Sequence[int]) -> list[Text]:
        """The texts of a problem in the order in which they are begun."""
        prose = [case.drawn[place][self.introspects] for place in reversed(order)]
        if self.greedy_first and case.greedy:
            prose.append(case.greedy[self.introspects])
        programs = list(case.programs[:1])
        programs += random.Random(repr(order)).sample(case.programs[1:], max(len(case.programs) - 1, 0))
        return [*prose[-1:], *programs[: self.programs], *prose[-2::-1]]

    def _answer(self, text: Text) -> Answer:
        by = self.known.calibration
        sure = confidence(text.logprob, by) if by and text.logprob is not None else None
        refuted = (Evidence("", (0, 0), Verdict(Status.REFUTED, "")),) if text.refuted else ()
        return Answer(text="-", confidence=sure, evidence=refuted)


def auto(weighing: Weighing) -> Rule:
    """Waves of texts until the answer is settled."""

    def rule(case: Case, order: Sequence[int]) -> Given:
        texts = weighing.texts(case, order)
        begun, wanted, spent = 0, 2 if weighing.programs else 1, 0
        decision = weighing.decide([], len(texts))
        while begun < len(texts):
            wave = texts[begun : begun + max(wanted, 1)]
            for place in range(len(wave)):
                decision = weighing.decide(texts[: begun + place + 1], len(texts))
                if decision.settled:
                    # Those that come later have written as much by now as the longest of those that count.
                    now = max(text.tokens for text in wave[: place + 1])
                    spent += sum(min(text.tokens, now) for text in wave)
                    return Given(decision.posterior.best, spent, begun + len(wave), decision.posterior.certainty)
            spent += sum(text.tokens for text in wave)
            begun += len(wave)
            wanted = decision.more
        return Given(decision.posterior.best, spent, begun, decision.posterior.certainty)

    return rule


class Results:
    """What rules gave: (problems, orders, 3) of right, tokens, texts."""

    def __init__(self, cases: Sequence[Case], rules: dict[str, Rule]) -> None:
        self._draws = np.random.default_rng(0).integers(len(cases), size=(RESAMPLES, len(cases)))
        self.of = {name: np.array([self._runs(case, rule) for case in cases]) for name, rule in rules.items()}
        self._fixed = [
            np.array([self._runs(case, majority(count)) for case in cases]).mean(axis=1) for count in range(1, MOST + 1)
        ]

    @staticmethod
    def _runs(case: Case, rule: Rule) -> list[tuple[bool, int, int]]:
        rng, order, runs = random.Random(case.problem), list(range(len(case.drawn))), []
        for _ in range(ORDERS):
            rng.shuffle(order)
            given = rule(case, order)
            runs.append((given.value in case.right, given.tokens, given.texts))
        return runs

    def interval(self, values: np.ndarray) -> str:
        """Mean and 95% interval over problems, in per cent."""
        low, high = np.percentile(values[self._draws].mean(axis=1), (2.5, 97.5))
        return f"{100 * values.mean():5.1f} [{100 * low:.1f}, {100 * high:.1f}]"

    def difference(self, name: str, other: str) -> str:
        return self.interval(self.of[name][:, :, 0].mean(axis=1) - self.of[other][:, :, 0].mean(axis=1))

    def at_equal_tokens(self, name: str) -> str:
        """Against the majority of so many votes, on average, that the tokens are the same."""
        own = self.of[name].mean(axis=1)
        costs = [fixed[:, 1].mean() for fixed in self._fixed]
        above = next((place for place, cost in enumerate(costs) if cost >= own[:, 1].mean()), len(costs) - 1)
        below = max(above - 1, 0)
        span = costs[above] - costs[below]
        share = min(max((own[:, 1].mean() - costs[below]) / span, 0.0), 1.0) if span else 1.0
        mixed = (1 - share) * self._fixed[below][:, 0] + share * self._fixed[above][:, 0]
        return self.interval(own[:, 0] - mixed)

    def flips(self, name: str, other: str) -> tuple[float, float]:
        """Share of runs that `other` has right and this one wrong, and the reverse."""
        now, before = self.of[name][:, :, 0] > 0, self.of[other][:, :, 0] > 0
        return float((before & ~now).mean()), float((~before & now).mean())

    def table(self) -> None:
        reference = self.of["SC@8"][:, :, 1].mean()
        print(f"{'rule':<38}{'right %':>20}{'tokens':>8}{'texts':>7}{'of SC@8':>9}{'against SC@8':>22}"
              f"{'at equal tokens':>22}")  # fmt: skip
        for name, runs in self.of.items():
            right, (tokens, texts) = runs[:, :, 0].mean(axis=1), runs.mean(axis=(0, 1))[1:]
            print(f"{name:<38}{self.interval(right):>20}{tokens:8.0f}{texts:7.2f}{tokens / reference:9.0%}"
                  f"{self.difference(name, 'SC@8'):>22}{self.at_equal_tokens(name):>22}")  # fmt: skip


def rules_for(known: Measured, with_greedy: bool, greedy_first: bool) -> dict[str, Rule]:
    plain = Weighing(known, greedy_first=greedy_first)
    rules = {"greedy": greedy(False), "greedy, introspection": greedy(True)} if with_greedy else {}
    rules["SC@1"] = majority(1)
    for count in (4, 8):
        rules[f"SC@{count}"] = majority(count)
        rules[f"SC@{count}, introspection"] = majority(count, introspects=True)
    rules["votes, never measured"] = auto(replace(plain, known=Measured()))
    rules["votes"] = auto(plain)
    rules["votes, introspection"] = auto(replace(plain, introspects=True))
    everything = replace(plain, programs=known.programs, leans=known.calibration is not None)
    rules["auto, no introspection"] = auto(everything)
    rules["auto"] = auto(replace(everything, introspects=True))
    if known.programs:
        rules["auto, no program"] = auto(replace(everything, programs=0, introspects=True))
        rules["auto, three programs"] = auto(replace(everything, programs=3, introspects=True))
    rules["medium"] = auto(replace(everything, level=Level.MEDIUM, introspects=True))
    return rules


def show_introspection(cases: Sequence[Case]) -> None:
    """What introspection changed in single texts."""
    pairs = [pair for case in cases for pair in (*case.drawn, *((case.greedy,) if case.greedy else ()))]
    changed = [(before, after) for before, after in pairs if before.value != after.value or before.right != after.right]
    turns = Counter((before.right, after.right) for before, after in changed)
    right = [after for before, after in pairs if before.right]
    wrong = [after for before, after in pairs if not before.right]
    print(
        f"\nintrospection, {len(pairs)} texts: another value in {len(changed)}; right to wrong {turns[True, False]}"
        f" of {len(right)}, wrong to right {turns[False, True]} of {len(wrong)}; a refuted claim still stands in"
        f" {sum(text.refuted for text in right)} of the texts that were right and {sum(text.refuted for text in wrong)}"
        f" of the wrong ones; {sum(after.tokens for _, after in pairs)} tokens instead of"
        f" {sum(before.tokens for before, _ in pairs)}"
    )


def show_programs(cases: Sequence[Case]) -> None:
    """How often prose, programs, either, and both are right."""
    pairs = [(text, program) for case in cases for program in case.programs[:1] for text, _ in case.drawn]
    if not pairs:
        return
    agree = [text.right for text, program in pairs if text.value is not None and text.value == program.value]
    first = [case.programs[0] for case in cases if case.programs]
    others = [program for case in cases for program in case.programs[1:]]
    print(
        f"programs, {len(first)} problems: prose {np.mean([text.right for text, _ in pairs]):.1%} right, greedy"
        f" programs {np.mean([program.right for program in first]):.1%}, {len(others)} others"
        f" {np.mean([program.right for program in others]) if others else 0:.1%}; no number from"
        f" {sum(program.value is None for program in (*first, *others))}; prose or greedy program"
        f" {np.mean([text.right or program.right for text, program in pairs]):.1%}; they agree in"
        f" {len(agree)} of {len(pairs)} pairs, of which {np.mean(agree) if agree else 0:.1%} are right;"
        f" {np.mean([program.tokens for program in (*first, *others)]):.0f} tokens a program,"
        f" {np.mean([text.tokens for text, _ in pairs]):.0f} a prose"
    )


def figures_of(bank: Bank, file: Path | None) -> Measured:
    """The figures of the bank's model: those of a file, or else those that are known by its name."""
    if file is None:
        return measured_by_name(next(iter(bank)).model) or Measured()
    kept = json.loads(file.read_text())
    prior, by = Prior(**kept.pop("prior")), kept.pop("calibration")
    return Measured(prior=prior, calibration=Calibration(**by) if by else None, **kept)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bank")
    parser.add_argument("witnesses", type=Path)
    parser.add_argument("--half", choices=("dev", "report", "both"), default="report")
    parser.add_argument("--figures", type=Path, help="figures of the model, as bench/effort.py writes them")
    parser.add_argument("--greedy-first", action="store_true", help="the first text is the greedy one, as for nano")
    args = parser.parse_args()
    bank = Bank.existing(bank_path(args.bank))
    cases = cases_of(bank, Witnesses.load(args.witnesses), args.half)
    print(f"{len(cases)} problems of the {args.half} half, {MOST} samples each, {ORDERS} orders\n")
    known = figures_of(bank, args.figures)
    print(f"{known}\n")
    results = Results(cases, rules_for(known, all(case.greedy for case in cases), args.greedy_first))
    results.table()
    print()
    for name, other in (
        ("greedy, introspection", "greedy"),
        ("SC@8, introspection", "SC@8"),
        ("votes, introspection", "votes"),
        ("auto", "auto, no introspection"),
        ("auto", "votes"),
    ):
        if name in results.of and other in results.of:
            lost, won = results.flips(name, other)
            print(f"{name} against {other}: {results.difference(name, other)} points; right to wrong {lost:.2%}, "
                  f"wrong to right {won:.2%}")  # fmt: skip
    show_introspection(cases)
    show_programs(cases)


if __name__ == "__main__":
    main()
