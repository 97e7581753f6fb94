"""Ctrl-C: once to stop writing and keep what there is, twice to leave at once."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any


class Interrupts:
    """Counts Ctrl-C while it is entered; called, it tells whether there was one.

    It may be handed out before it is entered: until then Ctrl-C ends the program as usual.
    """

    def __init__(self) -> None:
        self._pressed = False
        self._before: Callable[[int, FrameType | None], Any] | int | None = None

    def __call__(self) -> bool:
        return self._pressed

    def __enter__(self) -> Interrupts:
        before = signal.getsignal(signal.SIGINT)
        if callable(before):  # not where Ctrl-C is ignored: started in the background, it is not meant for us
            self._before = signal.signal(signal.SIGINT, self._press)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _press(self, number: int, frame: FrameType | None) -> None:
        if self._pressed:
            raise KeyboardInterrupt
        self._pressed = True
