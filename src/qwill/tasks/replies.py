"""Reading the numbers out of a reply. Replies are untrusted text: small linear scanners, nothing evaluated."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from fractions import Fraction

_LONGEST = 4000
_NUMBER = re.compile(r"(?:\d{1,3}(?:,\d{3})+|\d{1,40})(?!\d)(?:\.\d{1,40})?")
_SIGNS = "-−"
_CHINESE = re.compile(r"[零〇一二两兩三四五六七八九十]{1,4}")
_CHINESE_DIGITS = {numeral: i for i, numeral in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "兩": 2}
_NOT_A_NUMBER = re.compile("一共|一样|一樣|一下|一起|一定|统一|第一|唯一|一种|一些|另一")
_WORD = re.compile(r"[a-z]{2,9}")
_TO_TWENTY = """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen twenty
"""
ENGLISH_TO_TWENTY = tuple(_TO_TWENTY.split())
CHINESE_TO_TWENTY = (*"零一二三四五六七八九十", *(f"十{units}" for units in "一二三四五六七八九"), "二十")
_WORDS = {word: number for number, word in enumerate(ENGLISH_TO_TWENTY)} | {"none": 0}


def numbers_in(reply: str) -> list[Fraction]:
    """The numbers written in a reply, in order: digits of any width; where there are no digits at all, Chinese
    numerals up to 99 or English words up to twenty. The end of an overlong reply counts."""
    text = unicodedata.normalize("NFKC", reply[-_LONGEST:]).replace("**", "")
    found = []
    for match in _NUMBER.finditer(text):
        before = text[: match.start()].rstrip() if match.start() < 2 else text[match.start() - 2 : match.start()]
        negative = before[-1:] in _SIGNS and before[-1:] != "" and not before[:-1].isalnum() and before[:-1] != ")"
        value = Fraction(match[0].replace(",", ""))
        found.append(-value if negative else value)
    return found or _spelled(text)


def says(reply: str, value: Fraction | int, beside: Collection[Fraction | int] = ()) -> bool:
    """Whether the last number of a reply is `value` and no other number contradicts it; numbers of the question may
    stand `beside` it."""
    found = numbers_in(reply)
    return bool(found) and found[-1] == value and all(number == value or number in beside for number in found)


def _spelled(text: str) -> list[Fraction]:
    found: list[Fraction] = []
    for match in _CHINESE.finditer(_NOT_A_NUMBER.sub(" ", text)):
        number = _chinese(match[0])
        if number is not None:
            found.append(Fraction(number))
    return found or [Fraction(_WORDS[word]) for word in _WORD.findall(text.lower()) if word in _WORDS]


def _chinese(numeral: str) -> int | None:
    if "十" not in numeral:
        return _CHINESE_DIGITS[numeral] if len(numeral) == 1 else None
    tens, _, units = numeral.partition("十")
    if len(tens) > 1 or len(units) > 1 or "十" in units:
        return None
    return 10 * (_CHINESE_DIGITS[tens] if tens else 1) + (_CHINESE_DIGITS[units] if units else 0)
