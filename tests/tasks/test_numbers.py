import math
import operator
import random
import re

import pytest

from qwill.core import Language
from qwill.tasks import split_of
from qwill.tasks.numbers import NumberProblem, Numbers, in_base
from qwill.tasks.numbers_words_en import ENGLISH, TAGGED_ENGLISH
from qwill.tasks.numbers_words_zh import CHINESE, TAGGED_CHINESE
from qwill.tasks.wording import vary

LANGUAGES = (Language.ENGLISH, Language.CHINESE_SIMPLIFIED, Language.CHINESE_TRADITIONAL)
FAMILY = Numbers()
SIGNS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}
CALCULATION = re.compile(r"(?<![\d*+-])(\d+)([-+*/])(\d+)=(\d+)")


def drawn(count: int) -> list[NumberProblem]:
    rng = random.Random(11)
    return [FAMILY.draw(rng) for _ in range(count)]


def test_values_are_right() -> None:
    assert FAMILY.value(NumberProblem("remainder", 48213, 37)) == str(48213 % 37)
    assert FAMILY.value(NumberProblem("gcd", 252, 198)) == "18"
    assert FAMILY.value(NumberProblem("to_base", 1000, 16)) == "3E8"
    assert FAMILY.value(NumberProblem("from_base", 1000, 7)) == "1000"
    for number in range(1, 400):
        for base in range(2, 17):
            assert int(in_base(number, base), base) == number


def test_thought_ends_in_the_value_and_the_answer_is_accepted() -> None:
    rng = random.Random(1)
    for index, spec in enumerate(drawn(600)):
        language = LANGUAGES[index % 3]
        for style in ("checked", "unchecked"):
            thought = FAMILY.think(spec, language, rng, style)
            assert thought.split()[-1] == FAMILY.value(spec), thought
        reply = FAMILY.reply(spec, language, rng)
        assert FAMILY.grade(spec, reply), (spec, reply)
        assert 0 <= FAMILY.difficulty(spec) <= 1


def test_every_calculation_is_right_unless_it_is_called_back_at_once() -> None:
    slips = 0
    for seed, spec in enumerate(drawn(600)):
        thought = FAMILY.think(spec, Language.ENGLISH, random.Random(seed), "checked")
        for match in CALCULATION.finditer(thought):
            first, sign, second, result = int(match[1]), match[2], int(match[3]), int(match[4])
            right = SIGNS[sign](first, second)
            if result != right:
                assert thought[match.end() :].startswith(" wait,"), thought
        slips += "wait" in thought
        assert thought.count("wait") <= 1
        assert "wait" not in FAMILY.think(spec, Language.ENGLISH, random.Random(seed), "unchecked")
    assert 30 < slips < 120


def test_thoughts_of_all_languages_differ_in_words_only() -> None:
    for seed, spec in enumerate(drawn(100)):
        figures = {
            "".join(re.findall(r"[\d=*/|<>]", FAMILY.think(spec, language, random.Random(seed), "checked")))
            for language in LANGUAGES
        }
        assert len(figures) == 1


def test_a_slip_is_followed_by_the_right_line() -> None:
    spec = NumberProblem("remainder", 48213, 37)
    thoughts = {FAMILY.think(spec, Language.CHINESE_SIMPLIFIED, random.Random(seed), "checked") for seed in range(60)}
    slipped = [thought for thought in thoughts if "等一下" in thought]
    assert slipped
    for thought in slipped:
        assert re.search(r">=37 等一下， (\d+)-\d+=\d+<37", thought), thought


def test_remainder_is_worked_digit_by_digit() -> None:
    lines = FAMILY.think(NumberProblem("remainder", 705, 34), Language.ENGLISH, random.Random(0), "unchecked").split(
        "\n"
    )
    assert lines == [
        "705 mod 34",
        "34 68 102 136 170 204 238 272 306",
        "70|5: 70-68=2",
        "25|: 25-0=25",
        "remainder 25",
    ]


def test_keys_are_canonical() -> None:
    assert FAMILY.key(NumberProblem("gcd", 12, 18)) == FAMILY.key(NumberProblem("gcd", 18, 12))
    assert FAMILY.key(NumberProblem("remainder", 12, 18)) != FAMILY.key(NumberProblem("remainder", 18, 12))
    assert len({FAMILY.key(NumberProblem(kind, 12, 16)) for kind in ("remainder", "gcd", "to_base", "from_base")}) == 4
    rng = random.Random(2)
    for split in ("train", "dev", "test"):
        item = FAMILY.item(rng, split=split)
        assert split_of("numbers", item.key) == split


@pytest.mark.parametrize(
    ("spec", "reply", "right"),
    [
        (NumberProblem("remainder", 50, 6), "The remainder is 2.", True),
        (NumberProblem("remainder", 50, 6), "The remainder is 200.", False),
        (NumberProblem("remainder", 50, 6), "The remainder is -2.", False),
        (NumberProblem("remainder", 50, 6), "50 = 6 × 8 + 2", True),
        (NumberProblem("remainder", 50, 6), "2 or 3", False),
        (NumberProblem("remainder", 50, 6), "3, no, 2", False),
        (NumberProblem("remainder", 50, 6), "", False),
        (NumberProblem("remainder", 50, 6), "5" * 100_000, False),
        (NumberProblem("gcd", 12, 36), "12和36的最大公约数是12。", True),
        (NumberProblem("gcd", 12, 36), "12和36的最大公约数是36。", False),
        (NumberProblem("to_base", 255, 16), "255 in base 16 is FF.", True),
        (NumberProblem("to_base", 255, 16), "0xff", True),
        (NumberProblem("to_base", 255, 16), "FF₁₆", True),
        (NumberProblem("to_base", 255, 16), "255", False),
        (NumberProblem("to_base", 255, 16), "FFF", False),
        (NumberProblem("to_base", 10, 2), "10的2进制是1010。", True),
        (NumberProblem("to_base", 10, 2), "0b1010", True),
        (NumberProblem("to_base", 10, 2), "(1010)_2", True),
        (NumberProblem("to_base", 10, 2), "10101", False),
        (NumberProblem("to_base", 10, 2), "1010 or 1011", False),
        (NumberProblem("from_base", 1000, 7), "2626 in base 7 is 1000.", True),
        (NumberProblem("from_base", 1000, 7), "2626的值是1001。", False),
        (NumberProblem("from_base", 1000, 7), "no idea", False),
    ],
)
def test_grading_is_exact(spec: NumberProblem, reply: str, right: bool) -> None:
    assert FAMILY.grade(spec, reply) is right


def test_difficulty_follows_the_work() -> None:
    easy, hard = NumberProblem("remainder", 17, 5), NumberProblem("remainder", 48213, 37)
    assert FAMILY.difficulty(easy) < FAMILY.difficulty(hard) <= 1
    assert FAMILY.difficulty(NumberProblem("to_base", 3, 2)) < FAMILY.difficulty(NumberProblem("to_base", 900, 2))


def test_drawn_numbers_stay_in_the_promised_ranges() -> None:
    for spec in drawn(500):
        if spec.kind == "gcd":
            assert spec.first != spec.second
            assert max(spec.first, spec.second) <= 999
            assert math.gcd(spec.first, spec.second) >= 1
        elif spec.kind == "remainder":
            assert 2 <= spec.second <= 99
            assert spec.first <= 99_999
        else:
            assert 2 <= spec.second <= 16
            assert 1 <= spec.first <= 1023


@pytest.mark.parametrize("kind", ["remainder", "gcd", "to_base", "from_base"])
def test_templates_are_well_formed_and_keep_numbers_apart(kind: str) -> None:
    rng = random.Random(5)
    for templates in (ENGLISH[kind], CHINESE[kind]):  # type: ignore[index]
        assert len(set(templates)) >= 40
        for template in templates:
            assert template.count("[") == template.count("]"), template
            for _ in range(30):
                text = vary(rng, template, a="4006", b="91", base="7进制")
                assert "4006" in text, template
                assert "7进制" in text or "91" in text, template
                assert not re.search(r"\d4006|4006\d|\d91|91\d|[0-9]7进制", text), template
    for template in TAGGED_ENGLISH + TAGGED_CHINESE:
        assert "0x3f" in vary(rng, template, a="0x3f"), template


def test_questions_show_the_problem_in_every_language() -> None:
    rng = random.Random(8)
    for spec in drawn(300):
        for language in LANGUAGES:
            question = FAMILY.ask(spec, language, rng)
            shown = in_base(spec.first, spec.second) if spec.kind == "from_base" else str(spec.first)
            assert shown.lower() in question.lower(), question
            assert not re.search(r"[{}|]|WHAT|ASK", question), question
