"""Cycles in a growing sequence: text that repeats what stands a fixed distance before it.

The last units are looked up in a table of where they stood before; each place found is a distance to follow. A distance
is followed for as long as the new units equal those that far back, so a unit costs a look-up and one comparison for
each of the few distances followed.

Copies may be edited: now and then a unit may be another one, or a few be put in or left out. And a cycle may count:
where numbers differ from one copy to the next, they are taken as equal while each grows by the same step every time
("Step 7: add 1. Step 8: add 1."). Numbers that change in any other way are progress, and end the cycle.
"""

from __future__ import annotations

from dataclasses import dataclass

from qwill.reason.guard_units import Unit, UnitKind

_SEEN = 5  # units that have to stand somewhere before for a distance to be followed
_FOLLOWED = 6  # distances followed at once
_NUMBER = "0"  # stands for every number
_PER_EDIT = 10  # units that have to be the same for each one that is not
_GAP = 12  # units within which a cycle is taken up again at nearly the same distance
_SHIFT = 0.15  # how much the distance may change by that, as a share of it


@dataclass(slots=True)
class Run:
    """Units in a row, or nearly so, that are the same as in the copy before.

    Attributes:
        start: index of the first one.
        length: how many there are.
        words: words and Chinese characters among them.
        edits: units between them that are not the same, or places where some were put in or left out.
        counts: numbers among them that change from copy to copy.
        falls: those of them that become smaller.
    """

    start: int
    length: int = 0
    words: int = 0
    edits: int = 0
    counts: int = 0
    falls: int = 0


@dataclass(slots=True)
class Cycle:
    """A stretch of units that repeats what stands `period` units before.

    Attributes:
        period: units of one copy; the original stands before the runs.
        edited: all the copies, edits among them.
        exact: the copies since the last edit.
    """

    period: int
    edited: Run
    exact: Run


class Cycles:
    """Follows the cycles at the end of a sequence.

    Args:
        counting: take numbers as equal that differ by a constant step.
    """

    def __init__(self, counting: bool) -> None:
        self._counting = counting
        self._units: list[Unit] = []
        self._said: list[str] = []
        self._last: dict[tuple[str, ...], int] = {}
        self._followed: dict[int, Cycle] = {}
        self._broken: tuple[int, Cycle] | None = None  # the longest cycle that broke off of late, and where

    def push(self, unit: Unit) -> list[Cycle]:
        """Take in a unit; the cycles that it goes on with."""
        index = len(self._units)
        self._units.append(unit)
        self._said.append(_NUMBER if self._counting and unit.kind is UnitKind.NUMBER else unit.text)
        for period in list(self._followed):
            if not self._goes_on(self._followed[period], index):
                self._break_off(self._followed.pop(period), index)
        if index + 1 >= _SEEN:
            end = tuple(self._said[index + 1 - _SEEN :])
            before = self._last.get(end)
            self._last[end] = index
            if before is not None and index - before not in self._followed:
                self._follow(index - before, index)
        return list(self._followed.values())

    def start_of(self, run: Run) -> int:
        """Character at which a run begins; marks and line breaks in front end the sentence before it."""
        start = run.start
        while start < run.start + run.length - 1 and self._units[start].kind in (UnitKind.MARK, UnitKind.LINE):
            start += 1
        return self._units[start].start

    def characters(self, run: Run) -> int:
        """How much text a run is, to the end of all."""
        return self._units[-1].end - self._units[run.start].start

    def _follow(self, period: int, index: int) -> None:
        """Begin to follow a distance, or go on with a cycle that broke off at nearly the same one."""
        first = index + 1 - _SEEN
        cycle = Cycle(period, Run(first), Run(first))
        for place in range(first, index + 1):
            if not self._goes_on(cycle, place):
                return
        if self._broken is not None:
            place, broken = self._broken
            if index - place <= _GAP + _SEEN and abs(period - broken.period) <= max(2, _SHIFT * period):
                cycle.edited = broken.edited
                cycle.edited.edits += 1
                cycle.edited.length += _SEEN
                self._broken = None
        if len(self._followed) >= _FOLLOWED:
            del self._followed[min(self._followed, key=lambda known: self._followed[known].edited.length)]
        self._followed[period] = cycle

    def _break_off(self, cycle: Cycle, index: int) -> None:
        """Keep a cycle in mind that was not broken by progress."""
        if self._is_number(index) or self._is_number(index - cycle.period):
            return
        if (
            self._broken is None
            or index - self._broken[0] > _GAP
            or cycle.edited.length > self._broken[1].edited.length
        ):
            self._broken = index, cycle

    def _is_number(self, index: int) -> bool:
        return self._units[index].kind is UnitKind.NUMBER

    def _goes_on(self, cycle: Cycle, index: int) -> bool:
        """Whether the unit at this place goes on with the cycle."""
        unit = self._units[index]
        if self._said[index] != self._said[index - cycle.period]:
            cycle.edited.edits += 1
            cycle.exact = Run(index + 1)
            is_news = self._is_number(index) or self._is_number(index - cycle.period)
            return not is_news and cycle.edited.length >= cycle.edited.edits * _PER_EDIT
        step = self._step(index, cycle.period) if self._counting and self._is_number(index) else 0.0
        if step and not self._is_counting(step, index, cycle.period):
            cycle.edited, cycle.exact = Run(index + 1), Run(index + 1)
            return True
        for run in (cycle.edited, cycle.exact):
            run.length += 1
            run.words += unit.kind in (UnitKind.WORD, UnitKind.HAN)
            run.counts += bool(step)
            run.falls += step < 0
        return True

    def _is_counting(self, step: float, index: int, period: int) -> bool:
        """Whether a number that grows by this step did so before, as far as can be seen."""
        before = index - period
        if before < period or self._said[before - period] != _NUMBER:
            return True
        return self._step(before, period) in (step, 0)

    def _step(self, index: int, period: int) -> float:
        return round(float(self._units[index].text) - float(self._units[index - period].text), 6)
