"""What a confidence head knows: of graded samples that its model wrote for problems it did not learn from.

    python bench/confidence.py BANK [--model RUN/model]

BANK was filled by this very model (`qwill bank fill recipes/bank-nano.yaml`), and its report half was not learnt from.
Printed are, on that half: for each family and for all, the area under the curve at half of the thought and at its end,
beside that of the mean log-probability, and the calibration error; voting with and without the head at equal samples;
and what is saved where a trace is given up as soon as the head has little hope for it. The threshold is chosen on the
development half, which is shown first.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from rich.progress import track

from qwill.evaluate.statistics import clustered, paired
from qwill.model.confidence import load_head
from qwill.model.opening import open_checkpoint
from qwill.runs import Bank, Sample, bank_path
from qwill.runs.bank import half_of
from qwill.train.confidence import Reader, area_under_curve, calibration_error, graded_texts
from qwill.train.machine import bf16_is_faster
from qwill.train.start import start_folder

THRESHOLDS = [0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7]


@dataclass(frozen=True)
class Trace:
    """A sample and what the head said at the ends of its steps: (share of the thought done, probability)."""

    sample: Sample
    said: list[tuple[float, float]]

    @property
    def at_half(self) -> float:
        """The last estimate in the first half of the thought; the first one where there is none."""
        early = [probability for done, probability in self.said if done <= 0.5]
        return early[-1] if early else self.said[0][1]

    @property
    def at_end(self) -> float:
        return self.said[-1][1]

    @property
    def mean_logprob(self) -> float:
        assert self.sample.logprob is not None
        return self.sample.logprob / self.sample.tokens

    def given_up(self, threshold: float) -> float | None:
        """The share of the thought after which it is given up, or None where it is not."""
        return next((done for done, probability in self.said[:-1] if probability < threshold), None)


def traces_of(bank: Bank, folder: Path) -> list[Trace]:
    model, tokenizer = open_checkpoint(folder, torch.bfloat16 if bf16_is_faster() else torch.float32)
    head = load_head(folder, model.config.hidden_size)
    if head is None:
        raise SystemExit(f"There is no confidence head in {folder}.")
    texts = graded_texts(bank, folder)
    said: dict[int, list[tuple[float, float]]] = defaultdict(list)
    for end in track(Reader(model, tokenizer, 1024).read(texts), description="states", total=None):
        log_odds = head(end.hidden[None], torch.tensor(end.surprise)[None])
        said[end.text].append((end.done, float(torch.sigmoid(log_odds))))
    return [Trace(texts[number][1], ends) for number, ends in sorted(said.items())]


def discrimination(traces: Sequence[Trace]) -> None:
    print("family         samples  right %   AUROC: half   end   mean logprob   calibration error: half   end")
    families = sorted({trace.sample.dataset for trace in traces})
    for family in [*families, ""]:
        own = [trace for trace in traces if not family or trace.sample.dataset == family]
        right = np.array([float(bool(trace.sample.right)) for trace in own])
        if right.min() == right.max():
            continue
        half, end = np.array([trace.at_half for trace in own]), np.array([trace.at_end for trace in own])
        sure = np.array([trace.mean_logprob for trace in own])
        print(
            f"{family.partition(':')[2] or 'all':13}  {len(own):7}  {100 * right.mean():7.1f}  "
            f"{area_under_curve(half, right):12.3f}  {area_under_curve(end, right):.3f}  "
            f"{area_under_curve(sure, right):13.3f}  {calibration_error(half, right):24.3f}  "
            f"{calibration_error(end, right):.3f}"
        )


def vote(traces: Sequence[Trace], weight: Callable[[Trace], float]) -> float:
    """Whether the value with the greatest weight is right; a tie counts in part."""
    weights: dict[str | None, float] = defaultdict(float)
    right: dict[str | None, bool] = {}
    for trace in traces:
        weights[trace.sample.value] += weight(trace)
        right[trace.sample.value] = bool(trace.sample.right)
    most = max(weights.values())
    leaders = [value for value, sum_ in weights.items() if sum_ > most - 1e-9]
    return sum(right[value] for value in leaders) / len(leaders)


def pruned(traces: Sequence[Trace], threshold: float) -> tuple[float, float]:
    """Whether the vote of those not given up is right, and the tokens spent."""
    kept, tokens = [], 0.0
    for trace in traces:
        done = trace.given_up(threshold)
        tokens += trace.sample.tokens * (1.0 if done is None else done)
        if done is None:
            kept.append(trace)
    if not kept:  # one is written to its end all the same
        best = max(traces, key=lambda trace: trace.given_up(threshold) or 0.0)
        tokens += best.sample.tokens * (1 - (best.given_up(threshold) or 0.0))
        kept = [best]
    return vote(kept, lambda trace: trace.at_end), tokens


def difference(first: Sequence[float], second: Sequence[float]) -> str:
    by = paired([[score] for score in first], [[score] for score in second])
    return f"{100 * by.value:+.1f} [{100 * by.low:+.1f}, {100 * by.high:+.1f}]"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bank")
    parser.add_argument("--model", default="packaged", help="checkpoint folder; the packaged model when left out")
    options = parser.parse_args()
    traces = traces_of(Bank.existing(bank_path(options.bank)), start_folder(options.model, None))
    drawn = [trace for trace in traces if trace.sample.settings["temperature"] > 0]
    discrimination([trace for trace in drawn if half_of(trace.sample.problem) == "report"])

    problems: dict[str, list[Trace]] = defaultdict(list)
    for trace in sorted(drawn, key=lambda trace: trace.sample.seed):
        problems[f"{trace.sample.dataset} {trace.sample.problem}"].append(trace)
    halves: dict[str, list[list[Trace]]] = {"dev": [], "report": []}
    for group in problems.values():
        halves[half_of(group[0].sample.problem)].append(group)

    print(f"\nreport half, {len(halves['report'])} problems\nsamples  majority %  weighted %  difference")
    for count in (2, 4, 8, 16):
        plain = [vote(group[:count], lambda _: 1.0) for group in halves["report"]]
        weighted = [vote(group[:count], lambda trace: trace.at_end) for group in halves["report"]]
        print(
            f"{count:7}  {100 * np.mean(plain):10.1f}  {100 * np.mean(weighted):10.1f}  {difference(plain, weighted)}"
        )

    print(
        "\nof 8 samples, given up below a threshold\nhalf    threshold  right %  tokens  of all  against majority of 8"
    )
    for half in ("dev", "report"):
        groups = [group[:8] for group in halves[half]]
        everything = np.mean([sum(trace.sample.tokens for trace in group) for group in groups])
        plain = [vote(group, lambda _: 1.0) for group in groups]
        for threshold in THRESHOLDS:
            results = [pruned(group, threshold) for group in groups]
            right, tokens = [result[0] for result in results], np.mean([result[1] for result in results])
            estimate = clustered([[score] for score in right])
            print(
                f"{half:6}  {threshold:9.2f}  {100 * estimate.value:7.1f}  {tokens:6.0f}  {tokens / everything:6.0%}  "
                f"{difference(plain, right)}"
            )


if __name__ == "__main__":
    main()
