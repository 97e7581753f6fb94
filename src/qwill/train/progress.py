"""What a run shows while it goes: a bar on a terminal, a plain line every ten seconds elsewhere."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

_LINE_EVERY_SECONDS = 10.0
_SMOOTHING = 0.9


class TrainingBar:
    """Step, smoothed loss, tokens per second, utilisation and time left.

    Args:
        console: where to show it.
        name: of the run.
        peak_flops: FLOP/s of this machine's matrix products, for the utilisation.
        done: share of the budget spent at the start, in [0, 1].
    """

    def __init__(self, console: Console, name: str, peak_flops: float, done: float) -> None:
        self._console = console
        self._peak = peak_flops
        self._done = self._start_done = done
        self._loss: float | None = None
        self._start = self._since = time.perf_counter()
        self._tokens = self._flops = self._waited = 0.0
        self._bar: Progress | None = None
        if console.is_terminal:
            self._bar = Progress(
                TextColumn("[bold]{task.description}"), BarColumn(), TextColumn("{task.percentage:>5.1f}%"),
                TextColumn("{task.fields[line]}"), TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(),
                console=console,
            )  # fmt: skip
            self._task = self._bar.add_task(name, total=1000, completed=int(1000 * done), line="")

    def __enter__(self) -> TrainingBar:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()

    def update(self, *, step: int, loss: float, done: float, tokens: int, flops: float, waited: float) -> None:
        """One step more: its loss, share of the budget spent, tokens, operations, seconds waited for data."""
        self._loss = loss if self._loss is None else _SMOOTHING * self._loss + (1 - _SMOOTHING) * loss
        self._done = done
        self._tokens += tokens
        self._flops += flops
        self._waited += waited
        now = time.perf_counter()
        elapsed = now - self._since
        if self._bar is not None and elapsed >= 1.0:
            self._bar.update(self._task, completed=int(1000 * done), line=self._line(step, elapsed))
        elif self._bar is None and elapsed >= _LINE_EVERY_SECONDS:
            line = f"{done:6.1%}  {self._line(step, elapsed)}  {self._left(now)}"
            self._console.print(line, highlight=False, soft_wrap=True)
        else:
            return
        self._since, self._tokens, self._flops, self._waited = now, 0.0, 0.0, 0.0

    def _line(self, step: int, elapsed: float) -> str:
        return (
            f"step {step:,}  loss {self._loss:.4f}  {self._tokens / elapsed:,.0f} tokens/s  "
            f"{self._flops / elapsed / self._peak:.0%} of peak  {self._waited / elapsed:.0%} waiting for data"
        )

    def _left(self, now: float) -> str:
        gained = self._done - self._start_done
        minutes = (now - self._start) * (1 - self._done) / gained / 60 if gained > 0 else float("inf")
        return f"{minutes:,.0f} min left"
