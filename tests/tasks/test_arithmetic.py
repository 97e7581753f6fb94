"""Arithmetic: columns that are true line by line, digit-sum checks that catch slips, wordings, grading."""

import random

import pytest
from family_laws import assert_languages_differ_in_words_only, assert_laws, items
from worked_lines import false_lines

from qwill.core import Language
from qwill.tasks import columns
from qwill.tasks.arithmetic import Arithmetic, ArithmeticSpec

FAMILY = Arithmetic()
PRODUCT = ArithmeticSpec("product", (347, 26))


def test_items_obey_the_laws_and_thoughts_end_in_the_value() -> None:
    for item in items(FAMILY, 1500):
        assert_laws(FAMILY, item)
        assert item.thought.splitlines()[-1] == f"={item.value}", item
        if "no, wait" not in item.thought and "不" not in item.thought:
            assert false_lines(item.thought) == [], item
        assert len(item.thought) < 700


def test_columns_agree_with_python() -> None:
    rng = random.Random(1)
    for _ in range(3000):
        p, q = rng.randrange(10 ** rng.randint(1, 5)), rng.randrange(10 ** rng.randint(1, 5))
        assert columns.add(p, q).result == p + q
        assert columns.subtract(p, q).result == p - q
        assert columns.combine(-p, q).result == q - p
        assert columns.combine(-p, -q).result == -p - q
        assert columns.multiply(p % 1000, q % 1000).result == (p % 1000) * (q % 1000)
        assert columns.residue(p)[1] == p % 9


def test_addition_is_written_in_columns() -> None:
    work = columns.add(478, 3456)
    assert work.text.splitlines() == [
        "478+3456",
        "d0 c4 b7 a8",
        "d3 c4 b5 a6",
        "a8+6+0=14",
        "b7+5+1=13",
        "c4+4+1=09",
        "d0+3+0=03",
        "d3 c9 b3 a4",
        "=3934",
    ]


def test_subtraction_turns_where_the_second_is_greater() -> None:
    assert columns.subtract(52, 478).text.splitlines()[3:5] == ["c0<4", "-(478-52)"]
    assert columns.subtract(77, 77).text.endswith("=0")


@pytest.mark.parametrize("column", [0, 1, 2])
def test_a_slip_left_standing_never_escapes_the_digit_sums(column: int) -> None:
    rng = random.Random(column)
    slip = columns.Slip(column, None)
    for _ in range(1000):
        p, q = rng.randrange(1000), rng.randrange(1000)
        assert (columns.add(p, q, slip).result - p - q) % 9
        assert (columns.multiply(p, q % 10, slip).result - p * (q % 10)) % 9
        if p != q:
            assert (abs(columns.subtract(p, q, slip).result) - abs(p - q)) % 9


def test_slips_happen_and_are_corrected() -> None:
    at_once = late = 0
    for seed in range(600):
        thought = FAMILY.think(ArithmeticSpec("sum", (58, 67)), Language.ENGLISH, random.Random(seed), "checked")
        late += "no, wait" in thought
        at_once += "wait" in thought.replace("no, wait", "")
        assert thought.endswith("ok\n=125")
    assert at_once > 10
    assert late > 10
    assert at_once + late < 120


def test_thought_is_the_same_in_all_languages() -> None:
    assert_languages_differ_in_words_only(FAMILY, PRODUCT)


def test_key_forgets_the_order_of_terms_and_factors() -> None:
    assert FAMILY.key(PRODUCT) == FAMILY.key(ArithmeticSpec("product", (26, 347)))
    assert FAMILY.key(ArithmeticSpec("sum", (5, 3, -4))) == FAMILY.key(ArithmeticSpec("sum", (3, -4, 5)))
    assert FAMILY.key(ArithmeticSpec("sum", (5, -3))) != FAMILY.key(ArithmeticSpec("sum", (3, -5)))
    assert FAMILY.key(ArithmeticSpec("sum", (5, 3))) != FAMILY.key(ArithmeticSpec("product", (5, 3)))


def test_difficulty_grows_with_the_digits() -> None:
    sums = [FAMILY.difficulty(ArithmeticSpec("sum", (10**n, 10**n))) for n in range(5)]
    products = [FAMILY.difficulty(ArithmeticSpec("product", pair)) for pair in ((7, 8), (17, 8), (17, 18), (117, 118))]
    assert sums == sorted(set(sums))
    assert products == sorted(set(products))


@pytest.mark.parametrize("reply", ["347 × 26 = 9022.", "9022", "9,022", "答案是 9022。", "347×26=９０２２", "= 9022"])
def test_right_replies(reply: str) -> None:
    assert FAMILY.grade(PRODUCT, reply)


@pytest.mark.parametrize(
    "reply", ["", "902", "90222", "9022 or 9023", "-9022", "9022.5", "9022 = 347", "九千", "26", "9" * 10_000]
)
def test_wrong_replies(reply: str) -> None:
    assert not FAMILY.grade(PRODUCT, reply)


def test_negative_results_are_read_with_their_sign() -> None:
    spec = ArithmeticSpec("sum", (52, -478))
    assert FAMILY.grade(spec, "52 - 478 = -426.")
    assert FAMILY.grade(spec, "52-478=−426")
    assert not FAMILY.grade(spec, "426")
    assert not FAMILY.grade(ArithmeticSpec("sum", (478, -52)), "-426")
