"""How well the posterior over answers is calibrated on a bank, and the figures that fit it best.

    python bench/effort.py BANK witnesses.jsonl --programs 1 --fit
    python bench/effort.py BANK witnesses.jsonl --plot reliability.png

With --fit: fits on the development half what `qwill.reason.measured` keeps of a model. The prior, and what a program
and its agreement with prose are worth, are those with the least log loss of what turns out right (or that nothing seen
is right), over prefixes of the samples in random orders; the price is the lowest at which `auto` spends half the
tokens of the majority of 8. With --folds, five folds tell what such a fit is worth on problems that it has not seen.

Otherwise, for the report half and the figures that are kept: how often answers are right by how certain the posterior
is of them, after each number of samples and where effort `auto` stops. So few problems would show a distance even if
every certainty were true; how much, is said beside it (one draw a problem, shared by all its orders).
`bench/witnesses.py` makes the witnesses.
"""

from __future__ import annotations

import argparse
import json
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from scipy.optimize import minimize

from qwill.reason.confidence import Calibration
from qwill.reason.measured import Measured
from qwill.reason.posterior import Posterior, Prior, posterior
from qwill.runs import Bank, bank_path
from reasoning import Case, Weighing, auto, cases_of, figures_of
from witnesses import Witnesses

PREFIXES = (1, 2, 3, 4, 6, 8, 11)
FITTING_ORDERS = 3
FOLDS = 5
PRICES = (0.005, 0.0075, 0.01, 0.0125, 0.015, 0.0175, 0.02, 0.0225, 0.025, 0.0265, 0.028, 0.03, 0.035, 0.04)
DRAWS = 400
ORDERS = 6
BINS = np.array([0, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95, 1.0])

Point = tuple[str, float, bool]
"""(problem, stated certainty, whether right)"""


def orders_of(case: Case, count: int) -> Iterator[list[int]]:
    rng, order = random.Random(case.problem), list(range(len(case.drawn)))
    for _ in range(count):
        rng.shuffle(order)
        yield order


def beliefs(cases: Sequence[Case], weighing: Weighing, orders: int) -> Iterator[tuple[Case, Posterior]]:
    """What is believed of each problem after so many samples, in so many orders."""
    for case in cases:
        for order in orders_of(case, orders):
            texts = weighing.texts(case, order)
            for count in PREFIXES:
                yield case, posterior(*weighing.ballots(texts[:count]))


def log_loss(cases: Sequence[Case], weighing: Weighing, orders: int) -> float:
    """Mean of -ln of the probability given to what is right, or to none of the seen."""
    losses = []
    for case, belief in beliefs(cases, weighing, orders):
        right = [share for value, share in belief.classes.items() if value in case.right]
        losses.append(-math.log(max(sum(right) if right else belief.unseen, 1e-9)))
    return float(np.mean(losses))


def fit_calibration(cases: Sequence[Case]) -> Calibration | None:
    """The logistic regression of rightness on the logarithm of the mean log-probability."""
    known = [text for case in cases for text, _ in case.drawn if text.logprob is not None and text.value is not None]
    if not known:
        return None
    x = np.array([math.log(max(-(text.logprob or 0.0), 0.0) + 1e-4) for text in known])
    sign = np.array([1.0 if text.right else -1.0 for text in known])
    found = minimize(lambda w: np.logaddexp(0, -sign * (w[0] + w[1] * x)).sum() + 0.01 * (w @ w), [0.0, 0.0]).x
    share = (sign > 0).mean()
    return Calibration(
        round(float(found[0]), 2), round(float(found[1]), 2), round(float(math.log(share / (1 - share))), 2)
    )


def fit(cases: Sequence[Case], programs: int, greedy_first: bool, price: float = 0.02) -> Measured:
    """The figures of a model, from its problems of the development half."""
    by = fit_calibration(cases)

    def known(free: np.ndarray) -> Measured:
        right, wrong, spread = np.exp(np.clip(free[:3], -4, 4)).round(2)
        discount = 0.9 / (1 + math.exp(-float(np.clip(free[3], -7, 7))))
        prior = Prior(float(right), float(wrong), float(spread), round(discount, 2))
        if not programs:
            return Measured(prior, by, 0, price=price)
        weight, agreement = float(np.exp(np.clip(free[4], -2, 1))), float(np.clip(free[5], -1, 4))
        return Measured(prior, by, programs, round(weight, 2), round(agreement, 2), price)

    def loss(free: np.ndarray) -> float:
        # A little weight for moderate figures: half a bank does not tell 20 from 200.
        return log_loss(cases, all_witnesses(known(free), greedy_first), FITTING_ORDERS) + 0.001 * float(
            (free**2).sum()
        )

    start = [-0.5, 0.5, 1.0, -1.0, *([0.0, 0.5] if programs else [])]
    found = minimize(loss, start, method="Nelder-Mead", options={"maxfev": 400, "xatol": 0.02, "fatol": 1e-4})
    return known(found.x)


def all_witnesses(known: Measured, greedy_first: bool = False) -> Weighing:
    return Weighing(
        known, programs=known.programs, introspects=True, leans=known.calibration is not None, greedy_first=greedy_first
    )


def priced(cases: Sequence[Case], known: Measured, greedy_first: bool) -> Measured:
    """The same with the lowest price at which `auto` spends half the tokens of the majority of 8, or less."""
    half = 0.5 * float(np.mean([sum(text.tokens for text, _ in case.drawn) for case in cases]))
    for price in PRICES:
        rule = auto(all_witnesses(replace(known, price=price), greedy_first))
        given = [(case, rule(case, order)) for case in cases for order in orders_of(case, FITTING_ORDERS)]
        tokens = float(np.mean([found.tokens for _, found in given]))
        right = float(np.mean([found.value in case.right for case, found in given]))
        print(f"  price {price}: {right:.1%} right at {tokens:.0f} tokens, of SC@8 {0.5 * tokens / half:.0%}")
        if tokens <= half:
            break
    return replace(known, price=price)


def cross_validated(cases: Sequence[Case], programs: int, greedy_first: bool, price: float) -> list[Point]:
    """Where `auto` stops, on each fold with the figures of the others."""
    shuffled = random.Random(0).sample(cases, len(cases))
    points: list[Point] = []
    for fold in range(FOLDS):
        others = [case for place, case in enumerate(shuffled) if place % FOLDS != fold]
        points += stated_by_auto(
            shuffled[fold::FOLDS], all_witnesses(fit(others, programs, greedy_first, price), greedy_first)
        )
    return points


def stated(cases: Sequence[Case], weighing: Weighing) -> list[Point]:
    """After each number of samples."""
    return [
        (case.problem, belief.certainty, belief.best in case.right)
        for case, belief in beliefs(cases, weighing, ORDERS)
        if belief.best is not None
    ]


def stated_by_auto(cases: Sequence[Case], weighing: Weighing) -> list[Point]:
    """Where effort `auto` stops."""
    rule = auto(weighing)
    given = [(case, rule(case, order)) for case in cases for order in orders_of(case, ORDERS)]
    return [(case.problem, found.certainty, found.value in case.right) for case, found in given if found.value]


def binned(said: np.ndarray, right: np.ndarray) -> list[tuple[int, float, float]]:
    """(points, mean stated, share right) of each bin that holds some."""
    places = np.clip(np.digitize(said, BINS) - 1, 0, len(BINS) - 2)
    found = [(places == place) for place in range(len(BINS) - 1)]
    return [(int(own.sum()), float(said[own].mean()), float(right[own].mean())) for own in found if own.any()]


def distance(said: np.ndarray, right: np.ndarray) -> float:
    """Mean distance of stated from true over bins, by their points."""
    return sum(count * abs(stated - true) for count, stated, true in binned(said, right)) / len(said)


def show(title: str, points: Sequence[Point]) -> None:
    said, right = np.array([point[1] for point in points]), np.array([float(point[2]) for point in points])
    names, own = np.unique([point[0] for point in points], return_inverse=True)
    rng = np.random.default_rng(0)
    chance = [distance(said, (rng.random(len(names))[own] < said).astype(float)) for _ in range(DRAWS)]
    by_problem = [np.flatnonzero(own == place) for place in range(len(names))]
    drawn = (
        np.concatenate([by_problem[place] for place in rng.integers(len(names), size=len(names))]) for _ in range(DRAWS)
    )
    low, high = np.percentile([(said[rows] - right[rows]).mean() for rows in drawn], (2.5, 97.5))
    off = 100 * (said - right).mean()
    print(f"\n{title}: right {right.mean():.1%}, stated {said.mean():.1%}, difference {off:+.1f}"
          f" [{100 * low:+.1f}, {100 * high:+.1f}] points; mean distance over bins {100 * distance(said, right):.1f},"
          f" and {100 * np.mean(chance):.1f} (95%: up to {100 * np.percentile(chance, 95):.1f}) if all certainties of"
          f" {len(names)} problems were true")  # fmt: skip
    for count, stated, true in binned(said, right):
        print(f"  stated {stated:6.1%}   right {true:6.1%}   of {count}")


def draw(panels: dict[str, Sequence[Point]], title: str, path: Path) -> None:
    """The reliability plot: share right against stated certainty, the area of a mark as its number of answers."""
    figure = Figure(figsize=(4.4 * len(panels), 4.4), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title, fontsize=10)
    for panel, (name, points) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True):
        bins = binned(np.array([point[1] for point in points]), np.array([float(point[2]) for point in points]))
        panel.plot([0, 100], [0, 100], color="0.6", linewidth=1)
        panel.fill_between([0, 100], [-5, 95], [5, 105], color="0.93", label="within 5 points")
        panel.scatter(
            [100 * said for _, said, _ in bins], [100 * right for _, _, right in bins],
            s=[20 + 600 * count / len(points) for count, _, _ in bins], color="C0", alpha=0.8, zorder=3,
        )  # fmt: skip
        panel.set(xlim=(0, 100), ylim=(0, 100), xlabel="stated certainty (%)", ylabel="answers that are right (%)")
        panel.set_title(name, fontsize=9)
        panel.legend(fontsize=7, loc="upper left")
    figure.savefig(path, dpi=120)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bank")
    parser.add_argument("witnesses", type=Path)
    parser.add_argument("--fit", action="store_true", help="fit figures on the development half, and show them")
    parser.add_argument("--programs", type=int, default=0, help="programs behind the first text, to fit with")
    parser.add_argument("--cases", type=int, default=200, help="most problems to fit on")
    parser.add_argument("--folds", action="store_true", help="fit five times more, to see what it is worth elsewhere")
    parser.add_argument("--write", type=Path, help="keep what was fitted in this file")
    parser.add_argument("--figures", type=Path, help="figures to look at instead of those that are kept")
    parser.add_argument("--greedy-first", action="store_true", help="the first text is the greedy one, as for nano")
    parser.add_argument("--plot", type=Path, help="draw the reliability: .png or .svg")
    args = parser.parse_args()
    bank, witnesses = Bank.existing(bank_path(args.bank)), Witnesses.load(args.witnesses)
    if args.fit:
        cases = cases_of(bank, witnesses, "dev")
        cases = random.Random(0).sample(cases, min(args.cases, len(cases)))
        known = priced(cases, fit(cases, args.programs, args.greedy_first), args.greedy_first)
        print(known)
        if args.write:
            args.write.write_text(json.dumps(asdict(known)))
        if args.folds:
            points = cross_validated(cases, args.programs, args.greedy_first, known.price)
            show("five folds of dev, where auto stops", points)
        return
    cases = cases_of(bank, witnesses, "report")
    known = figures_of(bank, args.figures)
    panels = {}
    for name, weighing in {
        "votes alone": Weighing(known, greedy_first=args.greedy_first),
        "all witnesses": all_witnesses(known, args.greedy_first),
        "never measured": Weighing(Measured(), greedy_first=args.greedy_first),
    }.items():  # fmt: skip
        print(f"\n{name}: log loss {log_loss(cases, weighing, ORDERS):.3f}", end="")
        show(f"{name}, after 1 to {PREFIXES[-1]} texts", stated(cases, weighing))
        panels[name] = stated_by_auto(cases, weighing)
        show(f"{name}, where auto stops", panels[name])
    if args.plot:
        draw(panels, f"{next(iter(bank)).model}: certainty where effort auto stops, report half", args.plot)
        print(f"Drawn in {args.plot}.")


if __name__ == "__main__":
    main()
