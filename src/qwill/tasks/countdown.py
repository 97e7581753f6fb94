"""Countdown: reach a target from given numbers, each used exactly once, with + - * / and parentheses.

The thought is the systematic search of `search.py`. Successes are spread evenly over the places of the search, and a
few problems with three numbers have no solution at all, so that the place alone never tells that an attempt succeeds.
"""

from __future__ import annotations

import random
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import permutations
from typing import ClassVar

from qwill.core import Language
from qwill.tasks.base import Family, Style
from qwill.tasks.countdown_thoughts import FAILED, FOUND, Slip, ThoughtWords, search_three, thought_words
from qwill.tasks.countdown_words import ask, impossible, says_impossible, solved
from qwill.tasks.expressions import MalformedError, chains, compute
from qwill.tasks.search import Attempt, Merge, attempts, closing_sign, first_finds, merges, split_off

NO_SOLUTION = "none"
_SLIP_RATE = 0.18
_UNSOLVABLE_RATE = 0.05
_HIGHEST_TARGET = 200


@dataclass(frozen=True)
class Countdown:
    """Numbers in the order in which they are told, the target, and whether any solution exists."""

    numbers: tuple[int, ...]
    target: int
    solvable: bool = True


class _CountdownFamily(Family[Countdown]):
    def key(self, spec: Countdown) -> str:
        return f"{','.join(map(str, sorted(spec.numbers)))}:{spec.target}"

    def ask(self, spec: Countdown, language: Language, rng: random.Random) -> str:
        return ask(spec.numbers, spec.target, language, rng)

    def reply(self, spec: Countdown, language: Language, rng: random.Random) -> str:
        if not spec.solvable:
            return impossible(spec.target, language, rng)
        return solved(self.value(spec), spec.target, language, rng)

    def grade(self, spec: Countdown, reply: str) -> bool:
        """Any right expression counts. Right: exactly the given numbers, each once, only + - * / and parentheses, and
        exactly the target. Every calculation stated in the reply must be right, or the end of a chain that begins
        with a right one ("(7+4)*9 = 11*9 = 99")."""
        try:
            stated = chains(reply)
            if not spec.solvable:
                return not stated and says_impossible(reply)
            return bool(stated) and all(_is_right(chain, spec) for chain in stated)
        except MalformedError:
            return False

    def value(self, spec: Countdown) -> str:
        return self._solution(spec)[0] if spec.solvable else NO_SOLUTION

    @abstractmethod
    def _solution(self, spec: Countdown) -> tuple[str, Sequence[str]]:
        """The first expression that the search finds, and the calculations that lead to it, in order."""

    @abstractmethod
    def _search(self, spec: Countdown, words: ThoughtWords, slip: Slip) -> list[str]:
        """The lines of the search up to the look-up that finds, or all of them."""

    def think(self, spec: Countdown, language: Language, rng: random.Random, style: Style) -> str:
        words = thought_words(language)
        numbers = " ".join(map(str, spec.numbers))
        lines = [f"{words.numbers} {numbers} {words.want} {spec.target}"]
        if style == "unchecked":
            return "\n".join([*lines, *(self._guess(spec) if spec.solvable else [words.nothing])])
        slip = Slip(rng if rng.random() < _SLIP_RATE else None, words.wait)
        falling = sorted(spec.numbers, reverse=True)
        lines.append(f"{words.falling} {' '.join(map(str, falling))}")
        lines += self._search(spec, words, slip)
        if not spec.solvable:
            return "\n".join([*lines, words.nothing])
        expression, steps = self._solution(spec)
        lines += [
            f"{words.so} {expression}",
            f"{words.check} {' '.join(steps)} {words.want} {spec.target} {FOUND}",
        ]
        return "\n".join(lines)

    def _guess(self, spec: Countdown) -> list[str]:
        """A way to the target with nothing tried before, and no word of what it comes to."""
        expression, steps = self._solution(spec)
        return [*steps[:-1], steps[-1].split("=")[0], expression]


class Countdown3(_CountdownFamily):
    """Three numbers."""

    name: ClassVar[str] = "countdown3"

    def draw(self, rng: random.Random) -> Countdown:
        numbers = tuple(_number(rng, 50) for _ in range(3))
        falling = sorted(numbers, reverse=True)
        if rng.random() < _UNSOLVABLE_RATE:
            return Countdown(numbers, _unreachable(falling, rng), solvable=False)
        finds = first_finds(falling, _HIGHEST_TARGET)
        return Countdown(numbers, _spread(finds, rng))

    def difficulty(self, spec: Countdown) -> float:
        if not spec.solvable:
            return 1.0
        looked_up = _until_found(attempts(sorted(spec.numbers, reverse=True), spec.target))
        return (len(looked_up) - 1) / 11

    def _solution(self, spec: Countdown) -> tuple[str, Sequence[str]]:
        falling = sorted(spec.numbers, reverse=True)
        found = _until_found(attempts(falling, spec.target))[-1]
        return _close(falling, spec.target, found)

    def _search(self, spec: Countdown, words: ThoughtWords, slip: Slip) -> list[str]:
        return search_three(sorted(spec.numbers, reverse=True), spec.target, slip)


class Countdown4(_CountdownFamily):
    """Four numbers: two are put together first, then the three left are searched; the problems drawn are those whose
    search ends with one of the first three pairs, so that a thought stays within some 700 tokens."""

    name: ClassVar[str] = "countdown4"
    _MERGES: ClassVar[int] = 3

    def draw(self, rng: random.Random) -> Countdown:
        while True:
            numbers = tuple(_number(rng, 30) for _ in range(4))
            tried = [
                merge for merge, _ in zip(merges(sorted(numbers, reverse=True)), range(self._MERGES), strict=False)
            ]
            wanted = rng.randrange(len(tried))
            finds = first_finds(tried[wanted].rest, _HIGHEST_TARGET)
            for merge in tried[:wanted]:
                for target in first_finds(merge.rest, _HIGHEST_TARGET):
                    finds.pop(target, None)
            if finds:
                return Countdown(numbers, _spread(finds, rng))

    def difficulty(self, spec: Countdown) -> float:
        looked_up = sum(len(_until_found(attempts(merge.rest, spec.target))) for merge in self._tried(spec))
        return min(1.0, (looked_up - 1) / (12 * self._MERGES - 1))

    def _tried(self, spec: Countdown) -> list[Merge]:
        tried = []
        for merge in merges(sorted(spec.numbers, reverse=True)):
            tried.append(merge)
            if any(attempt.pair_sign for attempt in attempts(merge.rest, spec.target)):
                break
        return tried

    def _solution(self, spec: Countdown) -> tuple[str, Sequence[str]]:
        merge = self._tried(spec)[-1]
        found = _until_found(attempts(merge.rest, spec.target))[-1]
        merged = f"{merge.high}{merge.sign}{merge.low}"
        expression, steps = _close(merge.rest, spec.target, found, {merge.result: f"({merged})"})
        return expression, (f"{merged}={merge.result}", *steps)

    def _search(self, spec: Countdown, words: ThoughtWords, slip: Slip) -> list[str]:
        falling = " ".join(map(str, sorted(spec.numbers, reverse=True)))
        lines: list[str] = []
        for merge in self._tried(spec):
            if lines:
                lines.append(f"{FAILED} {words.back} {falling}")
            left = " ".join(map(str, merge.rest))
            lines.append(f"{merge.high}{merge.sign}{merge.low}={merge.result}: {left}")
            lines += search_three(merge.rest, spec.target, slip)
        return lines


def _number(rng: random.Random, highest: int) -> int:
    return rng.randint(1, 12) if rng.random() < 0.6 else rng.randint(1, highest)


def _spread(finds: dict[int, int], rng: random.Random) -> int:
    """A target such that the places of success are as even as the numbers allow."""
    at = rng.choice(sorted(set(finds.values())))
    return rng.choice([target for target, place in finds.items() if place == at])


def _unreachable(numbers: Sequence[int], rng: random.Random) -> int:
    """A target that no expression in the three numbers reaches, fractions and negative steps included."""
    reached: set[Fraction] = set()
    for x, y, z in permutations(map(Fraction, numbers)):
        for inner in _combined(x, y):
            reached.update(_combined(inner, z))
            reached.update(_combined(z, inner))
    while (target := rng.randint(1, rng.choice((30, 100, _HIGHEST_TARGET)))) in reached:
        pass
    return target


def _combined(x: Fraction, y: Fraction) -> Iterable[Fraction]:
    yield from (x + y, x - y, x * y)
    if y:
        yield x / y


def _until_found(looked_up: Iterable[Attempt]) -> list[Attempt]:
    tried = []
    for attempt in looked_up:
        tried.append(attempt)
        if attempt.pair_sign:
            break
    return tried


def _close(
    falling: Sequence[int], target: int, found: Attempt, written: dict[int, str] | None = None
) -> tuple[str, Sequence[str]]:
    """Expression and calculations of a successful look-up; `written` says how one of the numbers is written."""
    a, b, c = split_off(falling, found.place)
    sign, last_first = closing_sign(found.sign, target, c)
    high, low = (c, found.need) if last_first else (found.need, c)
    steps = (f"{a}{found.pair_sign}{b}={found.need}", f"{high}{sign}{low}={target}")
    texts = [str(number) for number in (a, b, c)]
    for number, text in (written or {}).items():
        # Of equal numbers the first one is written so: which one does not matter to the value.
        texts[texts.index(str(number))] = text
    pair = f"({texts[0]}{found.pair_sign}{texts[1]})"
    return (f"{texts[2]}{sign}{pair}" if last_first else f"{pair}{sign}{texts[2]}"), steps


def _is_right(chain: Sequence[str], spec: Countdown) -> bool:
    """Whether a chain of equal parts states a right expression, and nothing false or beside the point."""
    computed = [compute(part) for part in chain]
    if any(part.value != spec.target for part in computed):
        return False
    wanted = tuple(sorted(spec.numbers))
    longer = [part for part in computed if len(part.numbers) > 1]
    return bool(longer) and longer[0].numbers == wanted
