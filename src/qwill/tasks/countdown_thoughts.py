"""The lines of a Countdown search as they are thought: each result, each look-up, and now and then a slip."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from qwill.core import Language
from qwill.tasks.search import SIGNS, needs, results, split_off

FOUND, FAILED = "✓", "✗"


@dataclass(frozen=True)
class ThoughtWords:
    """The few words of a thought; all else in it is the same in every language."""

    numbers: str
    want: str
    falling: str
    so: str
    check: str
    wait: str
    back: str
    nothing: str


_ENGLISH = ThoughtWords("Numbers", "want", "sorted", "So", "Check:", "wait,", "Back:", "All tried, there is no way.")
_CHINESE = ThoughtWords("数字", "目标", "排序", "所以", "验算：", "等一下，", "退回：", "都试过了，无解。")
_TRADITIONAL = ThoughtWords("數字", "目標", "排序", "所以", "驗算：", "等一下，", "退回：", "都試過了，無解。")


def thought_words(language: Language) -> ThoughtWords:
    if language is Language.CHINESE_TRADITIONAL:
        return _TRADITIONAL
    return _CHINESE if language.is_chinese else _ENGLISH


class Slip:
    """At most one deliberate mistake in a search: a wrong sum at once put right, or a false match seen at once."""

    def __init__(self, rng: random.Random | None, wait: str) -> None:
        self.wait = wait
        self._rng = rng
        self._left = rng.randrange(1, 10) if rng else 0
        self._in_list = rng.random() < 0.4 if rng else False

    def due(self, in_list: bool) -> bool:
        if not self._left or in_list is not self._in_list:
            return False
        self._left -= 1
        return self._left == 0

    def off(self, result: int) -> int:
        assert self._rng
        return max(1, result + self._rng.choice((-10, -1, 1, 10)))


def search_three(falling: Sequence[int], target: int, slip: Slip) -> list[str]:
    """The lines of the search in three numbers in falling order, up to the look-up that finds, or all of them."""
    lines = []
    for place in range(3):
        a, b, c = split_off(falling, place)
        given = results(a, b)
        lines.append(f"{a} {b}|{c}: {' '.join(_listed(a, b, given, slip))}")
        looked_up, found = _looked_up(target, c, (a, b), given, slip)
        lines.append(" ".join(looked_up))
        if found:
            break
    return lines


def _listed(a: int, b: int, given: dict[str, int], slip: Slip) -> Iterable[str]:
    for sign in SIGNS:
        if sign in given:
            wrong = f"{a}{sign}{b}={slip.off(given[sign])} {slip.wait} " if slip.due(in_list=True) else ""
            yield f"{wrong}{a}{sign}{b}={given[sign]}"
        elif sign == "/":
            yield f"{a}/{b}{FAILED}"


def _looked_up(
    target: int, last: int, pair: tuple[int, int], given: dict[str, int], slip: Slip
) -> tuple[list[str], bool]:
    """The look-ups of one last number up to the first that finds, and whether one finds."""
    a, b = pair
    high, low = max(target, last), min(target, last)
    needed = needs(target, last)
    texts = []
    for sign in SIGNS:
        if sign not in needed:
            if sign == "/":
                texts.append(f"{high}/{low}{FAILED}")
            continue
        need = needed[sign]
        asked = f"{high}{sign}{low}={need}?"
        match = next((s for s, result in given.items() if result == need), "")
        if match:
            texts.append(f"{asked} {FOUND} {a}{match}{b}={need}")
            return texts, True
        if slip.due(in_list=False):
            near = min(given, key=lambda s: abs(given[s] - need))
            asked += f" {FOUND} {a}{near}{b}={given[near]} {slip.wait}"
        texts.append(f"{asked} {FAILED}")
    return texts, False
