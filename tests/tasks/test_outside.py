import random
import re

import pytest

from qwill.core import Language
from qwill.tasks import FAMILIES, split_of
from qwill.tasks.outside import DECLINE_EN, DECLINE_ZH, Outside, OutsideSpec, is_decline
from qwill.tasks.outside_chinese import CORES as CHINESE
from qwill.tasks.outside_english import CORES as ENGLISH
from qwill.tasks.wording import in_script

LANGUAGES = (Language.ENGLISH, Language.CHINESE_SIMPLIFIED, Language.CHINESE_TRADITIONAL)
OUTSIDE = Outside()

# What only a question inside a family says.
INSIDE = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"how (many|often|much) .{0,20}\b[a-z]('s|s)? (are |is |)(in|does) ",
        r"(多少|几)个(字母)? ?[a-z]\b",
        r"^\s*-?\d+( ?[+*×x-] ?-?\d+)+\s*=?\s*\??$",
        r"(?<![\d.])\d+ ?(plus|times|minus|multiplied by|加上?|减去?|乘以?) ?\d+(?![\d.])",
        r"\b(gcd|mod|remainder when|greatest common (divisor|factor) of)\b",
        r"(余数是|余几|最大公约数是|进制是[几多])",
        r"\d{2,} (in|into|to|as|from) (binary|hexadecimal|octal|base \d)",
        r"(larger|bigger|greater|smaller)[^.?]{0,15} \d+\.\d+ (or|and|vs) ",
        r"\d+\.\d+ ?[和与] ?\d+\.\d+.{0,6}(大|小)",
        r"\b\d*[a-z] ?[+-] ?\d+ ?= ?\d+(?! ?[a-z])",
        r"what (does|will|is) (it|this|the (following )?(code|program|script)) .{0,20}(print|output)",
        r"输出什么|打印什么",
        r"knights? always|knaves|always lies?\b|总是?说谎",
        r"(knows|told) (only )?the (rank|suit)|知道(点数|花色)",
        r"using (the numbers|each number)|凑出|算出24|24点",
    )
)


def drawn(count: int, language: Language, seed: int = 1) -> list[str]:
    rng = random.Random(seed)
    return [OUTSIDE.item(rng, language=language).question for _ in range(count)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_question_belongs_to_a_family(language: Language) -> None:
    for question in drawn(6000, language):
        for pattern in INSIDE:
            # Quadratic equations and those with two unknowns hold pieces of linear ones.
            assert not pattern.search(re.sub(r"(x\^2|\dx|\by\b|y ?=).*", "", question)), (question, pattern.pattern)


def test_no_family_asks_what_outside_asks() -> None:
    rng = random.Random(2)
    outside = {question.lower() for language in LANGUAGES for question in drawn(4000, language, seed=2)}
    inside = [
        family.item(rng).question.lower() for name, family in FAMILIES.items() if name != "outside" for _ in range(150)
    ]
    assert not outside.intersection(inside)


@pytest.mark.parametrize("language", LANGUAGES)
def test_questions_are_varied_and_filled_in(language: Language) -> None:
    questions = drawn(3000, language, seed=3)
    assert len(set(questions)) > 2600
    for question in questions:
        assert question.strip()
        assert not re.search(r"[{}|]|\[[^\]]*\]", question), question
    words = {word for question in questions for word in re.findall(r"\w+", question)}
    assert len(words) > 2000
    with_digits = sum(any(letter.isdigit() for letter in question) for question in questions)
    assert 0.15 < with_digits / len(questions) < 0.5


@pytest.mark.parametrize("language", LANGUAGES)
def test_reply_declines_in_the_language_of_the_question(language: Language) -> None:
    item = OUTSIDE.item(random.Random(4), language=language)
    assert item.value == "declined"
    assert "qwill-nano" in item.answer
    assert "-m" in item.answer
    assert any("一" <= letter <= "鿿" for letter in item.answer) == language.is_chinese
    assert OUTSIDE.grade(item.spec, item.answer)
    assert item.thought
    assert len(item.thought) < 60


def test_what_is_a_decline_and_what_is_not() -> None:
    for text in (DECLINE_EN, DECLINE_ZH, in_script(DECLINE_ZH, Language.CHINESE_TRADITIONAL), f"  {DECLINE_EN}\n"):
        assert is_decline(text)
    for text in ("", "3", "I can't do that.", DECLINE_EN[:60], DECLINE_EN + " The answer is 3.", "我是 qwill-nano"):
        assert not is_decline(text)


def test_the_key_ignores_case_and_marks_and_decides_the_split() -> None:
    one = OutsideSpec(Language.ENGLISH, "What is the capital of France?")
    assert OUTSIDE.key(one) == OUTSIDE.key(OutsideSpec(Language.ENGLISH, "what is the capital of france"))
    assert OUTSIDE.key(one) != OUTSIDE.key(OutsideSpec(Language.ENGLISH, "What is the capital of Peru?"))
    assert OUTSIDE.key(OutsideSpec(Language.ENGLISH, "??")) != OUTSIDE.key(OutsideSpec(Language.ENGLISH, "..."))
    rng = random.Random(5)
    for split in ("train", "dev", "test"):
        for _ in range(20):
            item = OUTSIDE.item(rng, split)
            assert split_of("outside", item.key) == split == split_of("outside", OUTSIDE.key(item.spec))


def test_a_question_keeps_to_its_language() -> None:
    for question in drawn(300, Language.CHINESE_TRADITIONAL, seed=6):
        assert in_script(question, Language.CHINESE_TRADITIONAL) == question


def test_many_cores_in_both_languages() -> None:
    for cores in (ENGLISH, CHINESE):
        assert sum(map(len, cores.values())) >= 350
        for group in cores.values():
            assert len(set(group)) == len(group)
