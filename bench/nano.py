"""The packaged model on problems of the held-out split, family by family.

    python bench/nano.py                        packaged model, 500 problems a family, 3 sampling seeds
    python bench/nano.py --model RUN/model --families countdown3 --count 100 --seeds 1

Prints one table and, with --json FILE, writes every reply, so that each figure can be had again.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table
from scipy.stats import spearmanr

from asking import answer_all
from qwill.api import open_model
from qwill.core import Language, Sampling
from qwill.tasks import FAMILIES, Item
from qwill.tasks.base import Split


def distinct_items(family: str, count: int, split: Split, language: Language | None = None) -> list[Item]:
    """`count` problems of the split with different keys, always the same ones; fewer where the split holds few.

    They are in all languages that nano knows, or in one.
    """
    rng = random.Random(f"bench {family}")
    items: dict[str, Item] = {}
    for _ in range(10 * count):
        item = FAMILIES[family].item(rng, split, language)
        items.setdefault(item.key, item)
        if len(items) == count:
            break
    return list(items.values())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="checkpoint folder; the packaged model when left out")
    parser.add_argument("--families", nargs="*", default=list(FAMILIES), choices=list(FAMILIES), metavar="FAMILY")
    parser.add_argument("--count", type=int, default=500, help="problems a family")
    parser.add_argument("--seeds", type=int, default=3, help="sampling seeds")
    parser.add_argument("--temperature", type=float, default=0.3)
    parser.add_argument("--max-tokens", type=int, default=1200)
    parser.add_argument("--split", default="test", choices=("dev", "test"))
    parser.add_argument("--language", type=Language, help="ask in this one alone: en, zh-Hans, zh-Hant")
    parser.add_argument("--json", type=Path, help="write every reply to this file as JSON lines")
    args = parser.parse_args()

    engine = open_model(args.model)
    table = Table(title=f"{engine.name}: {args.split} split, temperature {args.temperature}, {args.seeds} seeds")
    for column in ("family", "problems", "right, each seed", "mean", "unfinished", "mean tokens", "length~difficulty"):
        table.add_column(column, justify="left" if column == "family" else "right")
    log = args.json.open("w") if args.json else None
    began = time.perf_counter()
    for name in track(args.families, console=Console(stderr=True), description="families"):
        items = distinct_items(name, args.count, args.split, args.language)
        shares, lengths, unfinished = [], [], 0
        for seed in range(args.seeds):
            sampling = Sampling(temperature=args.temperature, seed=seed)
            results = answer_all(engine, [item.question for item in items], sampling, args.max_tokens)
            right = 0
            for item, (thought, reply, length) in zip(items, results, strict=True):
                correct = FAMILIES[name].grade(item.spec, reply) if reply else False
                right += correct
                unfinished += not reply
                lengths.append(length)
                if log:
                    row = {"family": name, "seed": seed, "question": item.question, "value": item.value}
                    row |= {"difficulty": item.difficulty, "language": item.language, "thought": thought}
                    row |= {"reply": reply, "correct": correct, "tokens": length}
                    log.write(json.dumps(row, ensure_ascii=False) + "\n")
            shares.append(right / len(items))
        difficulties = [item.difficulty for item in items] * args.seeds
        correlation = spearmanr(difficulties, lengths).statistic if len(set(difficulties)) > 1 else float("nan")
        table.add_row(
            name, str(len(items)), " ".join(f"{share:.1%}" for share in shares), f"{sum(shares) / len(shares):.1%}",
            f"{unfinished / len(lengths):.1%}", f"{sum(lengths) / len(lengths):.0f}", f"{correlation:.2f}",
        )  # fmt: skip
    Console(width=120).print(table, f"{time.perf_counter() - began:.0f} s in all")
    engine.close()


if __name__ == "__main__":
    main()
