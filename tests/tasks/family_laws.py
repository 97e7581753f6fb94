"""What holds for the items of every family that solves one question with one value."""

import random
from typing import Any

from qwill.core import Language
from qwill.tasks.base import Family, Item, split_of

LANGUAGES = (Language.ENGLISH, Language.CHINESE_SIMPLIFIED, Language.CHINESE_TRADITIONAL)
TEMPLATE_MARKS = set("{}[]|")
WAITS = ("wait", "等一下")


def items(family: Family[Any], count: int, seed: int = 0) -> list[Item[Any]]:
    """Items of all languages and of both styles that show a thought."""
    rng = random.Random(seed)
    return [
        family.item(rng, language=LANGUAGES[i % 3], style="checked" if i % 4 else "unchecked") for i in range(count)
    ]


def assert_laws(family: Family[Any], item: Item[Any]) -> None:
    """The answer is graded right, the key decides the split, the difficulty is in range, the question is clean."""
    assert family.grade(item.spec, item.answer), item
    assert split_of(family.name, item.key) == "train", item
    assert 0 <= item.difficulty <= 1, item
    assert not TEMPLATE_MARKS & set(item.question), item
    assert item.question.strip(), item
    assert item.answer.endswith("。" if item.language.is_chinese else "."), item


def assert_languages_differ_in_words_only(family: Family[Any], spec: Any) -> None:
    """The same thought, digit for digit, in every language."""
    thoughts = [family.think(spec, language, random.Random(7), "checked") for language in LANGUAGES]
    digits = ["".join(filter(str.isascii, thought.replace(":", ""))) for thought in thoughts]
    words = ("check", "ok", "no, wait", "wait")
    for word in words:
        digits[0] = digits[0].replace(word, "")
    assert digits[0].split() == digits[1].split() == digits[2].split(), thoughts
