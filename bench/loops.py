"""How well loops are seen: on traces of real models that loop, and on long texts that do not.

    python bench/loops.py traces.jsonl --data DIR            report half
    python bench/loops.py traces.jsonl --data DIR --half dev --errors
    python bench/loops.py fresh.jsonl --fresh BANK           a corpus made when the guard stood (loop_fresh.py)
    python bench/loops.py latest.jsonl --latest              another, made after the first had been read

The limits of the guard were set on the development half. A lag counts from the first copy of the first loop in a
trace, in periods of that loop; loops of a word or two have periods of a few characters, so longer ones are shown
apart. Tokens saved are what the model would still have written up to its limit.

The traces were made with llama.cpp and the native engine: qwill-nano, SmolLM2-135M and Qwen2.5-Coder-0.5B on problems
of GSM8K, MATH, CMATH and others, at temperature 0 to 0.3, some without the beginning of their context, some kept from
ending; and at temperature 0.7 to 1 for clean ones.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from loop_corpus import Text, clean_texts, traces
from loop_fresh import fresh_texts, latest_texts
from qwill.reason.guard_loops import LoopGuard
from qwill.reason.guard_stream import Cut
from safety import interval

_PIECE = 4  # characters, about a token
_SHORT = 12  # characters of a period; shorter ones are a word or two


def watch(text: str) -> tuple[Cut | None, int]:
    """What the guard says, and after how many characters."""
    guard = LoopGuard()
    for start in range(0, len(text), _PIECE):
        if cut := guard.push(text[start : start + _PIECE]):
            return cut, min(start + _PIECE, len(text))
    return None, len(text)


def lag(text: Text, stopped_at: int) -> float:
    """Periods of the first loop from its first copy to the stop; negative where there was a shorter one before it."""
    onset, period = min(text.loops)
    return (stopped_at - onset) / period


def show_loops(texts: Sequence[Text], errors: bool) -> None:
    table = Table(title="Traces that loop")
    for column in ("model", "traces", "seen", "median lag", "longer periods", "tokens saved", "of their limits"):
        table.add_column(column, justify="left" if column == "model" else "right")
    kinds = sorted({text.kind for text in texts})
    watched = {text.name: watch(text.text) for text in texts}
    for kind in (*kinds, "all"):
        own = [text for text in texts if kind in (text.kind, "all")]
        seen = [text for text in own if watched[text.name][0]]
        lags = [lag(text, watched[text.name][1]) for text in seen]
        longer = [lag(text, watched[text.name][1]) for text in seen if min(text.loops)[1] >= _SHORT]
        saved = [text.limit - text.tokens * watched[text.name][1] / len(text.text) for text in seen]
        table.add_row(
            kind, str(len(own)), interval(len(seen), len(own)),
            f"{median(lags):.1f} periods" if lags else "-",
            f"{median(longer):.1f} of {len(longer)}" if longer else "-",
            f"{sum(saved):.0f}", f"{sum(saved) / max(sum(text.limit for text in own), 1):.0%}",
        )  # fmt: skip
    Console().print(table)
    for text in texts if errors else ():
        if watched[text.name][0] is None:
            onset, period = min(text.loops)
            print(f"missed: {text.name} from {onset}, period {period}: {text.text[onset : onset + 120]!r}")


def show_clean(texts: Sequence[Text], errors: bool) -> None:
    table = Table(title="Texts that do not loop")
    for column in ("kind", "texts", "characters", "stopped"):
        table.add_column(column, justify="left" if column == "kind" else "right")
    watched = {text.name: watch(text.text) for text in texts}
    for kind in (*sorted({text.kind for text in texts}), "all"):
        own = [text for text in texts if kind in (text.kind, "all")]
        stopped = sum(watched[text.name][0] is not None for text in own)
        length = sum(len(text.text) for text in own)
        table.add_row(kind, str(len(own)), f"{length:,}", f"{stopped}: {interval(stopped, len(own))}")
    Console().print(table)
    for text in texts if errors else ():
        cut, stopped_at = watched[text.name]
        if cut:
            print(f"stopped: {text.name} ({cut.detail}): {text.text[cut.keep : stopped_at][:120]!r}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("traces", nargs="*", type=Path, help="JSON lines; see loop_corpus.traces")
    parser.add_argument(
        "--data", type=Path, default=os.environ.get("QWILL_TEST_DATA"), help="folder of worked solutions"
    )
    parser.add_argument(
        "--fresh", type=Path, metavar="BANK", help="clean texts of loop_fresh.py; traces count as report"
    )
    parser.add_argument("--latest", action="store_true", help="clean texts of the third corpus; traces count as report")
    parser.add_argument("--half", choices=("dev", "report", "both"), default="report")
    parser.add_argument("--errors", action="store_true", help="show what was judged wrongly")
    args = parser.parse_args()

    texts = [text for file in args.traces for text in traces(file)]
    if args.fresh:
        args.half, texts = "both", [*texts, *fresh_texts(args.fresh)]
    elif args.latest:
        args.half, texts = "both", [*texts, *latest_texts()]
    elif args.data:
        texts += clean_texts(args.data)
    if args.half != "both":
        texts = [text for text in texts if text.half == args.half]
    unclear = sum(text.label == "unclear" for text in texts)
    show_loops([text for text in texts if text.label == "loop"], args.errors)
    show_clean([text for text in texts if text.label == "clean"], args.errors)
    print(f"{unclear} traces are unclear: cut at their limit without a long enough loop. Half: {args.half}.")


if __name__ == "__main__":
    main()
