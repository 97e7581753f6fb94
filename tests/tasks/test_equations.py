"""Linear equations: every line of a thought is true, the solution is put in, wordings, grading."""

import random
import re

import pytest
from family_laws import LANGUAGES, assert_languages_differ_in_words_only, assert_laws, items
from worked_lines import false_lines

from qwill.core import Language
from qwill.tasks.equations import Equations, EquationsSpec

FAMILY = Equations()
SIMPLE = EquationsSpec("linear", 3, 5, 26, 0, "x", 7)


def left_minus_right(spec: EquationsSpec, value: int) -> int:
    if spec.kind == "bracket":
        return spec.a * (value + spec.b) - spec.c
    if spec.kind == "quotient":
        return value + spec.a * (spec.b - spec.c)
    right = spec.c * value + spec.d if spec.kind == "both" else spec.c
    return spec.a * value + spec.b - right


def test_items_obey_the_laws_and_thoughts_end_in_the_solution() -> None:
    for item in items(FAMILY, 2000):
        assert_laws(FAMILY, item)
        assert left_minus_right(item.spec, int(item.value)) == 0, item
        assert left_minus_right(item.spec, int(item.value) + 1) != 0, item
        assert item.thought.splitlines()[-1] == f"{item.spec.unknown}={item.value}", item
        assert false_lines(item.thought) == [], item
        assert len(item.thought) < 800


def test_terms_are_moved_and_the_solution_put_in() -> None:
    thought = FAMILY.think(SIMPLE, Language.ENGLISH, random.Random(2), "checked")
    assert thought.splitlines() == [
        "3x+5=26", "3x=26-5", "3x=21", "x=21/3", "x=7", "check:", "7*3=21", "21+5=26", "26 26", "ok", "x=7",
    ]  # fmt: skip


def test_slips_happen_and_are_corrected() -> None:
    thoughts = [FAMILY.think(SIMPLE, Language.ENGLISH, random.Random(seed), "checked") for seed in range(600)]
    assert sum("3x=26+5 wait" in thought for thought in thoughts) > 10
    assert sum("no, wait" in thought for thought in thoughts) > 10
    assert sum("wait" in thought for thought in thoughts) < 120
    assert all(thought.endswith("x=7") for thought in thoughts)


@pytest.mark.parametrize(
    ("spec", "first"),
    [
        (EquationsSpec("linear", -1, 5, 8, 0, "y", -3), "-y+5=8"),
        (EquationsSpec("linear", 3, 0, 21, 0, "x", 7), "3x=21"),
        (EquationsSpec("both", 5, 0, 2, 9, "x", 3), "5x=2x+9"),
        (EquationsSpec("both", 1, -9, 4, -117, "a", 36), "a-9=4a-117"),
        (EquationsSpec("bracket", 3, 4, 0, 0, "n", -4), "3(n+4)=0"),
        (EquationsSpec("quotient", 4, 0, 5, 0, "x", 20), "x/4=5"),
    ],
)
def test_all_forms_are_written_plainly(spec: EquationsSpec, first: str) -> None:
    thought = FAMILY.think(spec, Language.ENGLISH, random.Random(2), "unchecked")
    assert thought.splitlines()[0] == first
    assert thought.splitlines()[-1] == f"{spec.unknown}={spec.solution}"
    assert false_lines(thought) == []


def test_thought_is_the_same_in_all_languages() -> None:
    assert_languages_differ_in_words_only(FAMILY, EquationsSpec("both", 1, -9, 4, -117, "a", 36))


def test_questions_hold_the_equation() -> None:
    rng = random.Random(5)
    spec = EquationsSpec("linear", 3, 5, 26, 0, "y", 7)
    for language in LANGUAGES:
        for _ in range(300):
            question = FAMILY.ask(spec, language, rng)
            bare = re.sub(r"[\s*×·]", "", question).replace("＝", "=").replace("＋", "+").lower()
            assert re.search(r"3y\+5=26|26=3y\+5|5\+3y=26|26=5\+3y", bare), question


def test_some_questions_tell_the_equation_in_words() -> None:
    rng = random.Random(6)
    for language in LANGUAGES:
        in_words = [
            question for question in (FAMILY.ask(SIMPLE, language, rng) for _ in range(400)) if "=" not in question
        ]
        assert len(in_words) > 20
        assert all(all(number in question for number in ("3", "5", "26")) for question in in_words)


def test_key_forgets_the_unknown_and_the_sides() -> None:
    renamed = EquationsSpec("linear", 3, 5, 26, 0, "y", 7)
    assert FAMILY.key(SIMPLE) == FAMILY.key(renamed)
    left, right = EquationsSpec("both", 5, 1, 2, 10, "x", 3), EquationsSpec("both", 2, 10, 5, 1, "x", 3)
    assert FAMILY.key(left) == FAMILY.key(right)


def test_difficulty_grows_with_the_numbers() -> None:
    specs = (
        EquationsSpec("linear", 1, 2, 5, 0, "x", 3),
        SIMPLE,
        EquationsSpec("linear", 3, 55, 76, 0, "x", 7),
        EquationsSpec("linear", 9, 155, 488, 0, "x", 37),
    )
    difficulties = [FAMILY.difficulty(spec) for spec in specs]
    assert difficulties == sorted(set(difficulties))


@pytest.mark.parametrize(
    "reply", ["x = 7.", "7", "The solution is x = 7.", "解得 x = 7。", "x＝７", "3x + 5 = 26, x = 7", "七"]
)
def test_right_replies(reply: str) -> None:
    assert FAMILY.grade(SIMPLE, reply)


@pytest.mark.parametrize(
    "reply", ["", "x = 70", "x = -7", "x = 7 or x = 8", "x = 8, 7", "x = 7.5", "3x = 26", "7" * 5000]
)
def test_wrong_replies(reply: str) -> None:
    assert not FAMILY.grade(SIMPLE, reply)
