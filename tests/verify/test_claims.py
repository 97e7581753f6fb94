"""Claims in a text: which are found, and what checking says. A false refutation is the worst error here."""

from __future__ import annotations

import pytest

from qwill.core import Language
from qwill.verify.claims import check, claims
from qwill.verify.claims_kinds import ClaimKind

V, R, U = "verified", "refuted", "unknown"


def found(text: str) -> list[tuple[str, str]]:
    """Claims of a text and their status."""
    return [(claim.text, str(check(claim).verdict.status)) for claim in claims(text)]


def statuses(text: str) -> list[str]:
    return [status for _, status in found(text)]


TRUE = [
    "40 + 60 + 50 = 150",
    "3 × 4 = 12 + 1 = 13",
    "$5 * 3 = $15",
    "$5 * 3 = 15$",
    r"\(5 \times 3 = 15\)",
    r"\[ 3 \times 5 \\ &= 15 \]",
    r"\frac{1}{2} + \frac{1}{3} = \frac{5}{6}",
    r"5 * 3 = \boxed{15}",
    r"\text{Total} = 8 \text{ hours} \times 45 \text{ miles/hour} = 360 \text{ miles}",
    r"5 \text{ (free haircuts)} + 5 \text{ (already got)} + 14 = 24 \text{ haircuts}",
    r"3 \times \$90 = \$270",
    r"\sqrt{16} + 1 = 5",
    "1,000 + 234 = 1,234",
    "20% of 50 = 10",
    "25 is 50% more, and 20% of 50 is 10",
    "10/50 * 100 = 20%",
    "100 - 20% = 80",
    "8 × 25% = 2",
    "25 ÷ 100 × 100% = 25%",
    "half of 40 is 20",
    "3/4 of 20 = 15",
    "3乘以4等于12",
    "三乘以四等于十二",
    "3个苹果+5个苹果=8个苹果",
    "12 ÷ 4 = 3（个）",
    "12 ÷ 4 = 3倍",
    "10 / 3 ≈ 3.33",
    "10 / 3 = 3.33",
    r"\frac{400}{240} = \frac{5}{3} \approx 1.67",
    "π * 5^2 ≈ 78.54",
    "5! = 120",
    "2^10 = 1024",
    "2**10 = 1024",
    "**5 * 3 = 15**",
    "- 5 + 3 = 8",
    "2 1/2 + 1 = 3.5",
    "3x4=12",
    "8*-9=-72",
    r"\[ \text{Trees left after 30%} = 80 \text{ trees} \times 0.30 = 24 \text{ trees} \]",
    r"\[ \text{Earnings after 12 hours} = 11 \times 12 = 132 \]",
    "Total after 10 years = 50 + 8 * 10 = 50 + 80 = 130 trees",
    "Day 4: Day 2 + Day 3 = 70 + 140 = 210 people",
    r"180^\circ - 2 \times 90^\circ = 0^\circ",
    r"2 \pi \times 9 = 18\pi",
    r"16\sqrt[3]{64} = 16 \times 4 = 64",
    r"40 \text{ inches} = \frac{40}{12} = 3.33 \text{ feet}",
    "check: a8>7 -8.833<-7.824 ok",
    "2x + 15 - 5 = 2x + 10",
    "S = F - 12 + 25 = F + 13",
    r"r = \frac{L}{4} - \frac{4L}{4} = -\frac{3L}{4}",
    "a^2 - b^2 = (a - b)(a + b)",
    "3 dozen * 2 = 72 eggs",
    "f(3) = 2*3+1 = 7",
    "Total = 3 + 4\n= 7",
    "5 times 25, which is 125",
    "19 plus 5 equals 24",
    "19 - 5 equals 14",
    "9.9 > 9.11",
    "9.9 is greater than 9.11",
    "1 hour = 60 minutes",
    "2 hours + 30 minutes = 150 minutes",
    r"\frac{150}{2} = 75 \text{ miles}^2",
    "1小时 = 60分钟",
    "5元 = 50角",
    "1/3 = 0.333...",
    "6 ≠ 3 + 4",
]

FALSE = [
    "48 + 24 = 73",
    "48 + 24 = 73 clips",
    r"1 \text{ (yoga)} + 3 \text{ (cheese-tasting)} = 5",
    "3 × 4 = 13 + 1 = 14",
    "5 apples + 3 apples = 9 apples",
    "8 * 7 = **54**",
    "1. 5 + 3 = 9",
    "5加3是9",
    "三加四是八",
    "19 plus 4 equals 24",
    "9.11 > 9.9",
    "3x4=13",
    "3 feet = 37 inches",
    "2 hours + 30 minutes = 160 minutes",
    "200 * 100 = 2000 loaves of bread.",
    r"0.078 \div 6 = 0.1111\ldots",
    r"\[ 8 + 28 + 52 = 84 \text{ miles} \]",
    "20% of 50 = 11",
    "$100 (the cost) - 100 (the old cost) = 11",
    "1/21等于0.5",
    "5 times 25, which is 115",
    "Let's calculate: 3 * 4 = 13.",
    "There were 3 * 4 = 13 apples.",
]

IN_DOUBT = [
    r"we can set up the equation: \(8 + 28 = 52\)",
    "Therefore, 37 ≥ 40",
    r"45\pi = \pi \cdot 9 h",
    r"solve \( 15F = 5F \)",
    r"30 \text{ minutes} = \frac{30}{60} = \frac{1}{2} \text{ hours}",
    "11600 - (3333.33 + 4133.33) = 11600 - 7466 = 4134",
    r"\frac{5 \times 100}{9} = \frac{500}{9} \approx 55.55\%",
    r"whose cosine is \(\frac{3}{14}\) is approximately \(15^\circ\)",
    "225 - 30 = 225 - 30 = 225 - 3 ",
    "15*6=90>105 wait, 15*7",
    "If 2 + 2 = 5, then pigs fly.",
    "Suppose 3 × 4 = 13.",
    "2 + 2 = 5, wait, no.",
    "2 + 2 = 5? No.",
    "It is not true that 2 + 2 = 5.",
    "Working modulo 7, 5 + 4 = 2.",
    "如果2+2=5",
    "3×4=13，不对",
    "10/3 = 3",
    "10/3 = 3.33 * 3 = 10",
    "$33.33 * 3 = $100",
    "(3+4)*2 = 15!",
    "9^{999999} = 1",
    "586: 5+8=4",
    "5m + 3m = 9m",
    "0.2 × 100% = 20",
    "90 = 90 + 2",
    "969: 9=0+6=6+9=6",
    "12 * 11 = 479,0016",
    "20000 * 1.21 = 2420",  # of 24200, where the text breaks off
    "We have to satisfy the inequality:\n\\[\n38 \\geq 40\n\\]",
    r"\frac{3}{4}N = 20",
    "100 / 7 is about 14.5",
    "half of 40 + 20 = 30",
    "Substituting into the second equation:\n\\[\n3(30) = 3(30) + 2\n\\]",
]

NO_CLAIMS = [
    "6k+5=59",
    "2x + 10 = 110",
    "10 - (3P - 3) = 10 - 3P + 3 = 7P - 3",
    r"\frac{1}{4}C + \frac{3C}{16} = \frac{16C}{16} + \frac{3C}{16} = \frac{19C}{16}",
    "The difference is $33,4000 - $400,000 = $334000.",
    "a number from 1 through 100 is a multiple of 3",
    "the sum of 3 and 4 is odd.",
    "there are 4 weeks in a month",
    "x + 40 + 60 = 150",
    "… + 40 + 60 = 150",
    "2x + 3 = 7",
    "5x = 15",
    "0.078 = 6h",
    "7 = 3 (mod 4)",
    "40 + 60 = 150 - x",
    "40 + 60 = 150 + the rest",
    "sin(30) + 1 = 2",
    "C(5,2) = 10",
    "1+2+...+10 = 55",
    "The ratio 3:2 = 6 boys",
    "x = 5",
    "15 = 15",
    "3 packs = 18 pens",
    "2 legs is equal to 4",
    r"\text{Price in year 2010} = 20000 \times (1 + 0.21)",
    "小明是三年级学生",
    "He works 9-5 is 8 hours",
    "if x == 3 + 4:",
    "```python\ntotal = 3 + 4 == 8\nprint(total)\n```",
    "subtract 3 from 10 + 5 = 2",
    "log 100 + 1 = 3",
    "a9+2+0=11",
    "====",
    "",
]


@pytest.mark.parametrize("text", TRUE)
def test_what_is_true_is_verified(text: str) -> None:
    assert statuses(text) == [V]


@pytest.mark.parametrize("text", FALSE)
def test_what_is_false_is_refuted(text: str) -> None:
    assert statuses(text) == [R]


@pytest.mark.parametrize("text", IN_DOUBT)
def test_what_is_in_doubt_is_not_refuted(text: str) -> None:
    assert R not in statuses(text)


@pytest.mark.parametrize("text", NO_CLAIMS)
def test_what_cannot_be_checked_is_no_claim(text: str) -> None:
    assert found(text) == []


def test_spans_are_places_in_the_text() -> None:
    text = "First 48/2 = 24 clips. ```python\nx = 1\n``` Then 48 + 24 = 73, 因此 3×4=12。"
    marked = claims(text, Language.ENGLISH)
    assert [text[slice(*claim.span)] for claim in marked] == [claim.text for claim in marked]
    assert [str(check(claim).verdict.status) for claim in marked] == [V, R, V]
    assert [claim.text for claim in marked] == ["48/2 = 24 clips", "48 + 24 = 73", "3×4=12"]


def test_a_refutation_says_what_is_the_case() -> None:
    (claim,) = claims("So 37 × 24 = 878.")
    evidence = check(claim)
    assert (evidence.claim, evidence.span) == ("37 × 24 = 878", (3, 16))
    assert "888" in evidence.verdict.detail
    assert evidence.verdict.seconds >= 0


def test_several_calculations_on_one_line_are_claims_of_their_own() -> None:
    assert statuses("8 8|11: 8+8=16 8-8=0 8/8=2 8*8=64") == [V, V, R, V]
    assert statuses("11-8=3 11/8✗ 11*8=88") == [V, V]
    assert found("5.7>4.79\n=5.79\n") == [("5.7>4.79", V)]


def test_hostile_texts_cost_little() -> None:
    for text in (
        "9^9^9^9^9 = 1", "(" * 5000 + "1" + ")" * 5000 + " = 1", "1" * 100_000 + " + 1 = 2", "1+" * 20_000 + "1 = 2",
        "99999999999999! = 1", "=" * 10_000, "1 = " * 3000 + "1", "\\frac{" * 2000 + "= 3", "1e999999999 + 1 = 2",
        "__import__('os').system('x') = 3 + 4", "1/0 = 0 + 0", "0^{-1} = 0 + 1", "**" * 50_000, "```" * 999,
        "1,234," * 5000 + " 的和是3", "A" * 100_000 + "->", "-" * 100_000,
    ):  # fmt: skip
        assert R not in statuses(text) or "0^" in text


FACTS = [
    ("Since there are 60 minutes in an hour, we divide.", ClaimKind.NUMBERS, V),
    ("There are 2 hours in a day, so", ClaimKind.NUMBERS, R),
    ("There are 7 weeks in a week.", ClaimKind.NUMBERS, R),
    ("there are 30 days in June, so", ClaimKind.NUMBERS, V),
    ("one dozen equals 12.", ClaimKind.NUMBERS, V),
    ("gcd(52, 104) = 52", ClaimKind.NUMBERS, V),
    (r"\(\gcd(12, 18) = 5\)", ClaimKind.NUMBERS, R),
    ("13 is 1101 in base 2.", ClaimKind.NUMBERS, V),
    ("386 is 10111000 in base 2.", ClaimKind.NUMBERS, R),
    ("101 in base 2 is 5.", ClaimKind.NUMBERS, V),
    ("multiply 2 by $12 to get $24.", ClaimKind.NUMBERS, V),
    ("Adding 15 to 20 gives 36.", ClaimKind.NUMBERS, R),
    ("divide 100 by 3 to get 33", ClaimKind.NUMBERS, U),
    ("multiply 2 hours by 60 to get 130 minutes", ClaimKind.NUMBERS, U),
    ('"strawberry" has 3 r', ClaimKind.LETTERS, V),
    ('There are 2 r\'s in "strawberry".', ClaimKind.LETTERS, R),
    ("There are 2 r's in strawberry.", ClaimKind.LETTERS, R),
    ("strawberry has 3 r", ClaimKind.LETTERS, V),
    ("strawberry里有3个r", ClaimKind.LETTERS, V),
    ('The letter "r" appears 3 times in the word "strawberry"', ClaimKind.LETTERS, V),
    ('The word "strawberry" does not contain any letter r.', ClaimKind.LETTERS, R),
    ("the word strawberry doesn't contain the letter z", ClaimKind.LETTERS, V),
    ('"banana" contains the letter "x"', ClaimKind.LETTERS, R),
    ("strawberry 不含字母 r", ClaimKind.LETTERS, R),
    ('The word "Rome" does not contain the letter r.', ClaimKind.LETTERS, V),
    ('"banana" has six letters', ClaimKind.LETTERS, V),
    ('"level" is a palindrome', ClaimKind.LETTERS, V),
    ('"hello" reversed is "olleh"', ClaimKind.LETTERS, V),
    ('The third letter of "hello" is "e"', ClaimKind.LETTERS, R),
    ("January 1, 2024 was a Monday", ClaimKind.DATE, V),
    ("2024年1月1日是星期二", ClaimKind.DATE, R),
    ("1900 is a leap year", ClaimKind.DATE, R),
    ("There are 30 days between March 1, 2024 and March 31, 2024", ClaimKind.DATE, V),
    ("There are 31 days between March 1, 2024 and March 31, 2024", ClaimKind.DATE, U),
    ("February 2023 has 29 days", ClaimKind.DATE, R),
    ("91 is prime", ClaimKind.NUMBERS, R),
    ("91不是质数", ClaimKind.NUMBERS, V),
    ("135 is divisible by 7", ClaimKind.NUMBERS, R),
    ("7 is odd.", ClaimKind.NUMBERS, V),
    ("17 ÷ 5 = 3……2", ClaimKind.NUMBERS, V),
    ("17 ÷ 5 = 3 R 3", ClaimKind.NUMBERS, R),
    ("17除以5等于3余2", ClaimKind.NUMBERS, V),
    ("the sum of 3, 4 and 5 is 13", ClaimKind.NUMBERS, R),
    ("average of 2, 4, and 7 is 4.33", ClaimKind.NUMBERS, V),
    ("12和18的最大公约数是6", ClaimKind.NUMBERS, V),
    ("The factors of 12 are 1, 2, 3, 4, 6, and 12.", ClaimKind.NUMBERS, V),
    ("The factors of 12 are 2, 3, and 5.", ClaimKind.NUMBERS, R),
    ("Prime numbers between 10 and 20 are 11, 13, 17, 19", ClaimKind.NUMBERS, V),
    ("The balanced equation is 2H2 + O2 -> 2H2O", ClaimKind.REACTION, V),
    ("The balanced equation: H2 + O2 → H2O", ClaimKind.REACTION, R),
    ("Hydrogen burns: H₂ + O₂ → H₂O", ClaimKind.REACTION, U),
    (r"\ce{CH4 + 2O2 -> CO2 + 2H2O}", ClaimKind.REACTION, V),
    (r"$2\text{Na} + \text{Cl}_2 \rightarrow 2\text{NaCl}$", ClaimKind.REACTION, V),
    ("Ca(OH)2 + 2HCl -> CaCl2 + 2H2O", ClaimKind.REACTION, V),
    ("1 km = 1000 m", ClaimKind.CONVERSION, V),
    ("9.11 < 9.9", ClaimKind.COMPARISON, V),
]


@pytest.mark.parametrize(("text", "kind", "status"), FACTS)
def test_facts(text: str, kind: ClaimKind, status: str) -> None:
    (claim,) = claims(text)
    assert (claim.kind, str(check(claim).verdict.status)) == (kind, status)


@pytest.mark.parametrize(
    "text",
    [
        "The class has 3 a",
        "The student has no letter A",
        "The box does not contain a letter from him",
        "Mary has 2 apples",
        "the sum of 3 and 4 is 7x",
        "He is 12 and A -> B",
        "7 is odder",
    ],
)
def test_what_only_looks_like_a_fact(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("1 kJ = 1000 J", V), ("5 mA * 200 ohm = 1 V", V), ("2 gallons = 8 quarts", V), ("500 g * 2 = 1 kg", V),
        ("0.5 * 2 kg * (3 m/s)^2 = 9 J", V), ("1 mile = 1.6 km", V), ("500 g * 2 = 3 kg", R),
    ],
)  # fmt: skip
def test_units_of_science(text: str, status: str) -> None:
    pytest.importorskip("pint")
    assert statuses(text) == [status]
