import random
import re
from fractions import Fraction
from itertools import permutations

import pytest

from qwill.core import Language
from qwill.tasks import split_of
from qwill.tasks.countdown import NO_SOLUTION, Countdown, Countdown3, Countdown4
from qwill.tasks.countdown_words import CHINESE, ENGLISH
from qwill.tasks.expressions import MalformedError, compute
from qwill.tasks.search import attempts, first_finds
from qwill.tasks.wording import vary

LANGUAGES = (Language.ENGLISH, Language.CHINESE_SIMPLIFIED, Language.CHINESE_TRADITIONAL)
THREE, FOUR = Countdown3(), Countdown4()
FAMILIES = (THREE, FOUR)
PROBLEM = Countdown((7, 4, 9), 99)  # (7+4)*9


def drawn(family: Countdown3 | Countdown4, count: int) -> list[Countdown]:
    rng = random.Random(3)
    return [family.draw(rng) for _ in range(count)]


@pytest.mark.parametrize("family", FAMILIES)
def test_solution_is_right_and_the_thought_ends_in_it(family: Countdown3 | Countdown4) -> None:
    rng = random.Random(1)
    for index, spec in enumerate(drawn(family, 400)):
        language = LANGUAGES[index % 3]
        value = family.value(spec)
        thought = family.think(spec, language, rng, "checked")
        assert family.grade(spec, family.reply(spec, language, rng)), spec
        assert 0 <= family.difficulty(spec) <= 1
        if value == NO_SOLUTION:
            assert not spec.solvable
            assert "✓" not in re.sub(r"✓ \S+ (wait,|等一下，)", "", thought)
            continue
        computed = compute(value)
        assert computed.value == spec.target
        assert computed.numbers == tuple(sorted(spec.numbers))
        so, check = thought.split("\n")[-2:]
        assert so.endswith(f" {value}")
        assert check.endswith(f" {spec.target} ✓")


@pytest.mark.parametrize("family", FAMILIES)
def test_every_calculation_is_right_unless_it_is_called_back_at_once(family: Countdown3 | Countdown4) -> None:
    slips = 0
    for seed, spec in enumerate(drawn(family, 300)):
        thought = family.think(spec, Language.ENGLISH, random.Random(seed), "checked")
        for match in re.finditer(r"(?<![\d*+/()-])(\d+)([-+*/])(\d+)=(\d+)", thought):
            right = compute(f"{match[1]}{match[2]}{match[3]}").value
            assert right == int(match[4]) or thought[match.end() :].startswith(" wait,"), thought
        for match in re.finditer(r"=(\d+)\? ✓ (\S+)=(\d+)( wait, ✗)?", thought):
            assert (match[1] == match[3]) is (match[4] is None), thought
        slips += "wait" in thought
        assert "wait" not in family.think(spec, Language.ENGLISH, random.Random(seed), "unchecked")
    assert 15 < slips < 60


def test_unchecked_thoughts_claim_without_the_search() -> None:
    thought = THREE.think(PROBLEM, Language.ENGLISH, random.Random(0), "unchecked")
    assert thought == "Numbers 7 4 9 want 99\n7+4=11\n11*9\n(7+4)*9"


def test_the_search_goes_in_its_fixed_order() -> None:
    thought = THREE.think(PROBLEM, Language.CHINESE_SIMPLIFIED, random.Random(0), "checked")
    assert thought == (
        "数字 7 4 9 目标 99\n排序 9 7 4\n"
        "9 7|4: 9+7=16 9-7=2 9/7✗ 9*7=63\n"
        "99+4=103? ✗ 99-4=95? ✗ 99/4✗ 99*4=396? ✗\n"
        "9 4|7: 9+4=13 9-4=5 9/4✗ 9*4=36\n"
        "99+7=106? ✗ 99-7=92? ✗ 99/7✗ 99*7=693? ✗\n"
        "7 4|9: 7+4=11 7-4=3 7/4✗ 7*4=28\n"
        "99+9=108? ✗ 99-9=90? ✗ 99/9=11? ✓ 7+4=11\n"
        "所以 (7+4)*9\n验算： 7+4=11 11*9=99 目标 99 ✓"
    )


def test_first_finds_agrees_with_the_search() -> None:
    rng = random.Random(5)
    for _ in range(60):
        numbers = sorted((rng.randint(1, 25) for _ in range(3)), reverse=True)
        finds = first_finds(numbers, 200)
        for target in range(1, 201):
            tried = list(attempts(numbers, target))
            found = next((attempt for attempt in tried if attempt.pair_sign), None)
            assert (found is not None) == (target in finds), (numbers, target)
            if found:
                assert finds[target] == 4 * found.place + "+-/*".index(found.sign)


def test_successes_are_spread_over_the_search() -> None:
    places = [round(THREE.difficulty(spec) * 11) for spec in drawn(THREE, 1000) if spec.solvable]
    assert min(places.count(place) for place in range(8)) > 20
    assert sum(place >= 6 for place in places) > 150


def test_problems_called_unsolvable_are() -> None:
    unsolvable = [spec for spec in drawn(THREE, 1500) if not spec.solvable]
    assert 40 < len(unsolvable) < 120
    for spec in unsolvable[:30]:
        for a, b, c in permutations(map(Fraction, spec.numbers)):
            for inner in (a + b, a - b, a * b, a / b):
                for result in (inner + c, inner - c, c - inner, inner * c, inner / c):
                    assert result != spec.target
            if a - b:
                assert c / (a - b) != spec.target
            assert spec.target not in {c / (a + b), c / (a * b), c / (a / b)}


def test_keys_do_not_depend_on_the_order_of_the_numbers() -> None:
    assert THREE.key(Countdown((9, 4, 7), 99)) == THREE.key(PROBLEM)
    assert THREE.key(Countdown((9, 4, 7), 98)) != THREE.key(PROBLEM)
    assert THREE.key(Countdown((1, 12, 3), 9)) != THREE.key(Countdown((11, 2, 3), 9))
    rng = random.Random(2)
    for split in ("train", "dev", "test"):
        assert split_of("countdown3", THREE.item(rng, split=split).key) == split


@pytest.mark.parametrize(
    "reply",
    [
        "(7+4)*9 = 99",
        "(7+4)*9",
        "9 × (4 + 7) = 99.",
        "（７＋４）×９＝９９",
        "99 = 9*(7+4)",
        "One way: (7+4)*9 = 11*9 = 99",
        r"\boxed{(7+4)\times 9}",
        "**(7+4)*9 = 99**",
        "- (7+4)*9 = 99",
        "Take 7, 4 and 9. Then (7+4)*9=99!",
        "9*7+9*4 uses too much\n\\boxed{(7+4)*9}",
        "[7+4]*9",
        "(((7+4)))*9",
    ],
)
def test_right_expressions_are_accepted(reply: str) -> None:
    assert THREE.grade(PROBLEM, reply)


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "99",
        "7, 4, 9",
        "74+9+16",  # glued digits
        "(7+4)*9+0",  # an extra number
        "(7+4)*9*1",
        "11*9 = 99",  # numbers not given
        "9*9+9+9",
        "7*9+4*9",
        "(7+4)*9 = 98",  # a wrong claim
        "(7+4)*9 = 99 = 100",
        "(7-4)*9 = 99",
        "(7+4)*9 = 99 or (7+9)*4 = 99",  # expressions that disagree
        "(7+4)*9 = 99, 7*4*9 = 99",
        "(7+4)**9",
        "(7+4)*9//1",
        "(7+4)*9%100",
        "(7+4)*9^1",
        "-(-7-4)*9",
        "+7+4*9",
        "(7+4)9",
        "7 4*9",
        "(7+4*9",
        "7+4)*9",
        "(7.0+4)*9",
        "(7+4)*9!",
        "(7+4)*√9",
        "sqrt(7+4)*9",
        "abs(7+4)*9",
        "(7+4)*9²",
        "(7+4)*9e0",
        "0x7+4*9",
        "7/0+4*9",
        "__import__('os').system('true')*(7+4)*9",
        "(7+4)*9" * 1000,
        "(" * 3000 + "7+4" + ")" * 3000 + "*9",
        "1" * 4000 + "+4*9",
    ],
)
def test_wrong_expressions_are_rejected(reply: str) -> None:
    assert not THREE.grade(PROBLEM, reply)


def test_glued_digits_do_not_pass_where_they_would_give_the_target() -> None:
    assert not THREE.grade(Countdown((1, 2, 3), 36), "12*3 = 36")
    assert not THREE.grade(Countdown((1, 2, 3), 15), "12+3")
    assert not FOUR.grade(Countdown((2, 4, 1, 1), 24), "24*1*1")
    assert not THREE.grade(Countdown((2, 2, 5), 27), "2²+5 = 27")


def test_division_is_exact() -> None:
    assert THREE.grade(Countdown((20, 6, 4), 4), "(20+4)/6 = 4")
    assert not THREE.grade(Countdown((20, 6, 3), 4), "(20+6)/6 = 4")
    assert not THREE.grade(Countdown((7, 2, 3), 9), "7/2*3")
    assert FOUR.grade(Countdown((8, 3, 8, 3), 24), "8/(3-8/3) = 24")


def test_impossible_must_be_said_where_it_is_so() -> None:
    spec = Countdown((1, 1, 1), 50, solvable=False)
    assert THREE.grade(spec, "There is no way to make 50 with these numbers.")
    assert THREE.grade(spec, "这些数算不出50。")
    assert not THREE.grade(spec, "1+1+1 = 50")
    assert not THREE.grade(spec, "50")
    assert not THREE.grade(PROBLEM, "There is no way to make 99 with these numbers.")


@pytest.mark.parametrize("text", ["", "()", "1+", "*1", "1 2", "1+(2", "1..2", "1,2", "a", "1+a", "１ ２", "1;2"])
def test_malformed_expressions(text: str) -> None:
    with pytest.raises(MalformedError):
        compute(text)


def test_precedence_and_association() -> None:
    assert compute("20-5-3").value == 12
    assert compute("2+3*4").value == 14
    assert compute("24/4/3").value == 2
    assert compute("24/(4/2)*3").value == 36
    assert compute("1/3+1/6").value == Fraction(1, 2)


@pytest.mark.parametrize("templates", [ENGLISH, CHINESE])
def test_templates_are_well_formed_and_keep_numbers_apart(templates: tuple[str, ...]) -> None:
    rng = random.Random(5)
    assert len(set(templates)) >= 40
    for template in templates:
        assert template.count("[") == template.count("]"), template
        for _ in range(30):
            text = vary(rng, template, n="4006, 7, 13", t="981", k="3")
            assert "4006, 7, 13" in text, template
            assert not re.search(r"\d4006|13\d|\d981|981\d|981, ?4006|RULES|ONCE|OPS", text), template


def test_questions_name_all_numbers() -> None:
    rng = random.Random(8)
    for family in FAMILIES:
        for spec in drawn(family, 200):
            for language in LANGUAGES:
                question = family.ask(spec, language, rng)
                told = list(map(int, re.findall(r"\d+", question)))
                for number in (*spec.numbers, spec.target):
                    assert number in told, question
                assert not re.search(r"[一-鿿]", question) or language.is_chinese
