"""How well claims are found and checked, against texts labelled by reading: precision, recall, false refutations.

    PYTHONPATH=src python bench/claims.py [--labels tests/data/claims_replies.jsonl] [--errors held-out]
    PYTHONPATH=src python bench/claims.py --read BANK RUN --half report     every refutation, for a reader

A row of the labels is one text of a model, with the span of each claim in it that can be checked and whether it is true
(null: a reader cannot say). Half of the texts of claims.jsonl were held out while the rules were tuned; those of
claims_bank.jsonl, replies out of a bank of samples, were drawn and labelled when the rules stood; so were those of
claims_replies.jsonl (banks of two models, thoughts of nano, replies to MATH-500 and CMATH that do not quote their
problem), halved by the hash of the problem: development to mend the rules with, held-out for figures.

    decided: claims found that were verified or refuted
    precision: of those, how many are a labelled claim with the same truth (found where no claim is: wrong)
    recall: of the labelled claims that are true or false, how many were decided rightly
    false refutations: of the decided, how many were refuted although they are true, doubtful, or no claim

Refutations are few and false ones fewer: too few labelled texts for a narrow interval. So `--read` decides all claims
of whole banks and evaluation runs and prints each refutation with what stands around it; whoever reads them counts.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qwill.core import Status
from qwill.runs import Bank, half_of
from qwill.runs.journal import Journal
from qwill.verify.claims import check, claims

_WIDTHS = (7, 9, 9, 10, 10, 9, 10)
LABELS = Path(__file__).resolve().parent.parent / "tests" / "data" / "claims.jsonl"


@dataclass
class Counts:
    """What came out for some texts; `errors` are lines for people."""

    texts: int = 0
    labelled: int = 0
    decided: int = 0
    right: int = 0
    wrong: int = 0
    recalled: int = 0
    refuted: int = 0
    falsely_refuted: int = 0
    errors: list[str] = field(default_factory=list)

    def row(self) -> str:
        return (
            f"{self.texts:7}{self.labelled:9}{self.decided:9}{_share(self.right, self.right + self.wrong)}"
            f"{_share(self.recalled, self.labelled)}{self.refuted:9}{_share(self.falsely_refuted, self.decided)}"
        )


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:9.1f}%" if whole else f"{'-':>10}"


def count(rows: list[dict[str, Any]]) -> Counts:
    """Counts over labelled texts."""
    counts = Counts(texts=len(rows))
    for row in rows:
        _count_text(row, counts)
    return counts


def _count_text(row: dict[str, Any], counts: Counts) -> None:
    labels = row["claims"]
    counts.labelled += sum(label["true"] is not None for label in labels)
    recalled: set[int] = set()
    for claim in claims(row["text"]):
        status = check(claim).verdict.status
        if status is Status.UNKNOWN:
            continue
        counts.decided += 1
        counts.refuted += status is Status.REFUTED
        at = _label_at(labels, claim.span)
        truth = labels[at]["true"] if at is not None else None
        if at is not None and truth is None:
            counts.falsely_refuted += status is Status.REFUTED
        elif truth is (status is Status.VERIFIED) and at is not None:
            counts.right += 1
            recalled.add(at)
            continue
        else:
            counts.wrong += 1
            counts.falsely_refuted += status is Status.REFUTED
        counts.errors.append(f"{row['id']}: {status} {claim.text!r}, labelled {truth if at is not None else 'none'}")
    counts.recalled += len(recalled)
    for at, label in enumerate(labels):
        if at not in recalled and label["true"] is not None:
            counts.errors.append(f"{row['id']}: missed {label['text']!r} ({label['true']})")


def _label_at(labels: list[dict[str, Any]], span: tuple[int, int]) -> int | None:
    """The label that shares most of its place with a span: at least half of the shorter of both."""
    best, most = None, 0.5
    for at, label in enumerate(labels):
        start, end = label["span"]
        shared = min(end, span[1]) - max(start, span[0])
        if shared / min(end - start, span[1] - span[0]) >= most:
            best, most = at, shared / min(end - start, span[1] - span[0])
    return best


def read(folder: Path, half: str) -> Iterator[tuple[str, str]]:
    """Names and texts of one half of a bank or of an evaluation run, no text twice."""
    if (folder / "samples.jsonl").exists():
        texts = [(s.problem, f"{s.problem}/{s.seed}", f"{s.thought}\n{s.text}".strip()) for s in Bank.existing(folder)]
    else:
        events = Journal(folder / "events.jsonl").read()
        texts = [(event["id"], event["id"], event["answer"]) for event in events if "answer" in event]
    seen: set[str] = set()
    for problem, name, text in texts:
        if half_of(problem) == half and text not in seen:
            seen.add(text)
            yield name, text


def show_refutations(folder: Path, half: str) -> None:
    decided = refuted = 0
    for name, text in read(folder, half):
        for claim in claims(text):
            verdict = check(claim).verdict
            decided += verdict.status is not Status.UNKNOWN
            if verdict.status is Status.REFUTED:
                refuted += 1
                around = text[max(0, claim.span[0] - 60) : claim.span[0]], text[claim.span[1] : claim.span[1] + 30]
                print(f"{name}: {around[0]!r} [{claim.text}] {around[1]!r}: {verdict.detail}")
    print(f"{folder.name}, {half} half: {decided} claims decided, {refuted} refuted")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labels", type=Path, default=LABELS)
    parser.add_argument("--errors", help="print the errors of this half: tuned, held-out, fresh")
    parser.add_argument("--read", nargs="+", type=Path, metavar="FOLDER", help="banks and evaluation runs")
    parser.add_argument("--half", choices=("dev", "report"), default="report", help="of what --read reads")
    options = parser.parse_args()
    for folder in options.read or ():
        show_refutations(folder, options.half)
    if options.read:
        return
    rows = [json.loads(line) for line in options.labels.read_text(encoding="utf-8").splitlines()]
    columns = ("texts", "labelled", "decided", "precision", "recall", "refuted", "falsely")
    print(" " * 24 + "".join(f"{column:>{width}}" for column, width in zip(columns, _WIDTHS, strict=True)))
    for half in dict.fromkeys(row["half"] for row in rows):
        counts = count([row for row in rows if row["half"] == half])
        print(f"{half:24}{counts.row()}")
        if options.errors == half:
            print("\n".join(counts.errors))
    for source in dict.fromkeys(row["source"] for row in rows):
        print(f"{source:24}{count([row for row in rows if row['source'] == source]).row()}")


if __name__ == "__main__":
    main()
