"""Seeing that a thought repeats itself, as it is being written.

Three things are watched: exact cycles; cycles in which only numbers change, and only by counting; and sentences that go
in circles. How much repetition is too much was set on one half of a corpus of real loops and of long clean texts, and
measured on the other (`bench/loops.py`). Words repeat themselves by accident hardly ever, figures and marks often, so a
cycle may be the longer the fewer words it holds; code and tables may repeat themselves twice as long.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass

from qwill.reason.guard_circling import Circling
from qwill.reason.guard_cycles import Cycles, Run
from qwill.reason.guard_stream import Cut
from qwill.reason.guard_units import Unit, Units

_CIRCLED = 120  # units of going in circles
_LAYOUT_FACTOR = 2.0  # in code and tables
_ENDLESS = 200  # characters of copies, if there are so many of them: digits without end are few units
_ENDLESS_COPIES = 8


@dataclass(frozen=True)
class _Limit:
    """How long the copies in a cycle may get: so many units, and so many times the period.

    Attributes:
        words: from this share of words among its units on.
        units: always allowed.
        copies: allowed as well, as a multiple of the period.
    """

    words: float
    units: float
    copies: float

    def of(self, period: int) -> float:
        return max(self.units, self.copies * period)


_EXACT = (_Limit(0.2, 20, 1.5), _Limit(0.02, 40, 1.5), _Limit(0.0, 128, 2))
_EXACT_AND_SHORT = (
    _Limit(0.8, 20, 1.5),
    _Limit(0.2, 40, 1.5),
    *_EXACT[1:],
)  # (1 - i)(1 - i)(1 - i): factors are written out
_SHORT = 8  # units of a period
_COUNTING = (_Limit(0.4, 40, 2), _Limit(0.12, 250, 12), _Limit(0.0, 240, 40))
_TABULATING = (_Limit(0.0, 240, 40),)
_EDITED = (_Limit(0.6, 80, 3), _Limit(0.0, 400, 8))
_EDITED_AND_COUNTING = (_Limit(0.5, 160, 4), _Limit(0.0, 500, 40))


_ONLY_NUMBERED = 0.13  # of the units: more numbers that change, or falling ones, are the cells of a table


def _tabulates(run: Run) -> bool:
    return 2 * run.falls > run.counts or run.counts > _ONLY_NUMBERED * run.length


def _limit(run: Run, period: int) -> _Limit:
    """The limit of copies like these: what edits and counting change is more likely to be meant."""
    edited = _EDITED_AND_COUNTING if run.counts else _EDITED
    exact = _EXACT if period > _SHORT else _EXACT_AND_SHORT
    plain = _TABULATING if _tabulates(run) else _COUNTING if run.counts else exact
    limits: tuple[_Limit, ...] = edited if run.edits else plain
    return next(limit for limit in limits if run.words >= limit.words * run.length)


class LoopGuard:
    """Says where to cut a text that has begun to repeat itself: before the first copy."""

    def __init__(self) -> None:
        self._units = Units()
        self._exact = Cycles(counting=False)
        self._counting = Cycles(counting=True)
        self._circling = Circling()
        self._layout = _Layout()

    def push(self, text: str) -> Cut | None:
        """Take in the next piece of text; where to cut, once it repeats itself too long. O(1) a character."""
        self._layout.push(text)
        for unit in self._units.push(text):
            if cut := self._take(unit):
                return cut
        return None

    def _take(self, unit: Unit) -> Cut | None:
        factor = _LAYOUT_FACTOR if self._layout.is_code_or_table else 1.0
        for cycles in (self._exact, self._counting):
            for cycle in cycles.push(unit):
                for run in (cycle.exact, cycle.edited):
                    if (run.edits or _tabulates(run)) and self._layout.is_code_or_table:
                        continue
                    exact = not (run.edits or run.counts) and run.length > _ENDLESS_COPIES * cycle.period
                    endless = exact and cycles.characters(run) >= _ENDLESS
                    if endless or run.length >= factor * _limit(run, cycle.period).of(cycle.period):
                        return Cut(cycles.start_of(run), "loop", _in_words(cycle.period, run))
        if not self._layout.is_code_or_table:
            self._circling.push(unit)
        if self._circling.circled >= _CIRCLED:
            return Cut(self._circling.since, "loop", "nothing new is said")
        return None


def _in_words(period: int, run: Run) -> str:
    changed = ", counting up" if run.counts else ", edited" if run.edits else ""
    return f"the same {period} words and marks {1 + run.length / period:.1f} times{changed}"


_FENCE = "```"
_CODE_LINE = re.compile(
    r"\s*(?:(?:def|class|return|if|elif|else|for|while|try|except|import|from|with|raise|yield|assert|print)\b.*[:)\w]$"
    r"|[\w.\[\]]+ ?[-+*/]?= ?\S.*$|[\w.]+\(.*\)[;:]?$|[{}\[\]()]+[;,]?$|['\"].*,$|(?:#|//|/\*|\*|>>>|\"\"\").*|.*[;{]$"
    r"|['\"][^'\"]*['\"]\s+#.*|[\[({].*[\])}][,;]?$|[^\s,]{1,12}(?:, ?[^\s,]{1,12}){3,},?$)"
)
_TABLE_LINE = re.compile(
    r"\s*\|.*\|\s*$|\s*[-=+|:─═┼]{4,}\s*$|[^\t]*\t[^\t]*\t.*"
    r"|\s*(?:[^\w\s]\s?){6,}$|\s*(?:[\w.#-]{1,2} ){5,}[\w.#-]{1,2}$"  # a grid of signs, or of short cells
)
_QUOTES = '"""'
_LINES = 16  # lines that are looked back at
_LINES_OF_LAYOUT = 5  # of them, so many make code or a table


class _Layout:
    """Whether the text is code or a table at present: in a fence or a docstring, or by the looks of its last lines."""

    def __init__(self) -> None:
        self._line = ""
        self._fenced = self._quoted = False
        self._looks: deque[bool] = deque(maxlen=_LINES)

    @property
    def is_code_or_table(self) -> bool:
        return self._fenced or self._quoted or sum(self._looks) >= _LINES_OF_LAYOUT

    def push(self, text: str) -> None:
        *lines, rest = text.split("\n")
        for line in lines:
            whole, self._line = (self._line + line)[:400], ""
            if whole.lstrip().startswith(_FENCE):
                self._fenced = not self._fenced
            elif whole.strip():
                self._quoted ^= whole.count(_QUOTES) % 2 == 1
                self._looks.append(bool(_CODE_LINE.match(whole) or _TABLE_LINE.match(whole)))
        self._line = (self._line + rest)[:400]
