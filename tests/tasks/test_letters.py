"""Counting letters: what is drawn, asked, thought and graded."""

import random
import re

import pytest
from family_laws import LANGUAGES, assert_languages_differ_in_words_only, assert_laws, items

from qwill.core import Language
from qwill.tasks.letters import Letters, LettersSpec

FAMILY = Letters()
STRAWBERRY = LettersSpec("strawberry", "r")


def test_items_obey_the_laws_and_thoughts_end_in_the_value() -> None:
    for item in items(FAMILY, 1500):
        assert_laws(FAMILY, item)
        assert item.value == str(item.spec.word.count(item.spec.letter))
        assert item.thought.splitlines()[-1].split()[0] == f"={item.value}", item
        assert len(item.thought) < 400


def test_thought_spells_the_word_and_counts_through() -> None:
    thought = FAMILY.think(STRAWBERRY, Language.ENGLISH, random.Random(1), "unchecked")
    assert thought.splitlines() == ["r, strawberry: s t r a w b e r r y", "r: s0 t0 r1 a1 w1 b1 e1 r2 r3 y3", "=3"]


def test_every_slip_is_seen_and_corrected() -> None:
    slips = 0
    for seed in range(400):
        thought = FAMILY.think(STRAWBERRY, Language.ENGLISH, random.Random(seed), "checked")
        slips += "wait" in thought
        first = thought.splitlines()[2]
        assert (first == "=3") == ("no, wait" not in thought)
        assert thought.endswith("=3 ok")
    assert 20 <= slips <= 90


def test_unchecked_thoughts_neither_check_nor_slip() -> None:
    for seed in range(100):
        thought = FAMILY.think(STRAWBERRY, Language.ENGLISH, random.Random(seed), "unchecked")
        assert "check" not in thought
        assert "wait" not in thought


def test_thought_is_the_same_in_all_languages() -> None:
    assert_languages_differ_in_words_only(FAMILY, STRAWBERRY)


def test_question_names_word_and_letter_whatever_the_case() -> None:
    rng = random.Random(3)
    for language in LANGUAGES:
        for _ in range(300):
            question = FAMILY.ask(STRAWBERRY, language, rng).lower()
            assert "strawberry" in question
            assert re.search(r"(?<![a-z])r(?:'?s)?(?![a-z])", question), question


def test_plain_question_is_among_the_wordings() -> None:
    rng = random.Random(0)
    asked = {FAMILY.ask(STRAWBERRY, Language.ENGLISH, rng) for _ in range(20_000)}
    assert "How many r in strawberry" in asked
    assert len(asked) > 8_000


def test_chinese_phrases_are_counted_by_character() -> None:
    spec = LettersSpec("人山人海", "人")
    assert FAMILY.value(spec) == "2"
    thought = FAMILY.think(spec, Language.CHINESE_TRADITIONAL, random.Random(2), "unchecked")
    assert thought.splitlines() == ["人, 人山人海: 人 山 人 海", "人: 人1 山1 人2 海2", "=2"]


def test_difficulty_grows_with_the_word() -> None:
    words = ("cat", "cherry", "strawberry", "responsibility")
    difficulties = [FAMILY.difficulty(LettersSpec(word, "q")) for word in words]
    assert difficulties == sorted(set(difficulties))


@pytest.mark.parametrize(
    "reply",
    [
        "3",
        "There are 3 r's in strawberry.",
        "**3**",
        "three",
        "strawberry 里有 ３ 个 r。",
        "有三个。",
        "一共有3个",
        "3 r's.",
    ],
)
def test_right_replies(reply: str) -> None:
    assert FAMILY.grade(STRAWBERRY, reply)


@pytest.mark.parametrize(
    "reply",
    ["2", "33", "3.5", "-3", "2 or 3", "3, no, 2", "", "There are r's.", "有十三个。", "thirteen", "3" * 9000, "三十"],
)
def test_wrong_replies(reply: str) -> None:
    assert not FAMILY.grade(STRAWBERRY, reply)
