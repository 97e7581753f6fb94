import random
import re
from itertools import permutations, product

import pytest

from qwill.core import Language
from qwill.tasks.base import split_of
from qwill.tasks.knights import Claim, Knights, KnightsSpec, notation, roles_in, work
from qwill.tasks.knights_words import Cast, cast_of

LANGUAGES = (Language.ENGLISH, Language.CHINESE_SIMPLIFIED, Language.CHINESE_TRADITIONAL)
KNIGHTS = Knights()
CAST = Cast(("Ann", "A", "Bob"), "knight", "knave")
CHINESE_CAST = Cast(("甲", "小明"), "老实人", "骗子")


def specs(count: int, seed: int = 1) -> list[KnightsSpec]:
    rng = random.Random(seed)
    return [KNIGHTS.draw(rng) for _ in range(count)]


def read_claim(text: str, kinds: dict[int, str]) -> bool:
    """Whether a claim in the notation of the thought is true; written apart from the package's own code."""
    if text.startswith("#"):
        letter, sign, number = text[1], text[2], int(text[3:])
        counted = list(kinds.values()).count(letter)
        return counted == number if sign == "=" else counted >= number
    for sign in "~≠":
        if sign in text:
            one, two = (kinds[int(person)] for person in text.split(sign))
            return (one == two) == (sign == "~")
    parts = [kinds[int(atom[0])] == atom[1] for atom in re.split("[&|→]", text)]
    if "→" in text:
        return parts[1] if parts[0] else True
    return any(parts) if "|" in text else all(parts)


def solutions(spec: KnightsSpec) -> list[tuple[bool, ...]]:
    found = []
    for letters in product("KN", repeat=spec.people):
        kinds = dict(enumerate(letters, 1))
        if all(read_claim(notation(claim), kinds) == (kinds[speaker + 1] == "K") for speaker, claim in spec.statements):
            found.append(tuple(letter == "K" for letter in letters))
    return found


def test_every_problem_has_exactly_the_solution_it_claims() -> None:
    for spec in specs(600):
        assert solutions(spec) == [spec.solution]
        assert 2 <= spec.people <= 4


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("style", ["checked", "unchecked"])
def test_thought_ends_in_the_solution_and_the_reply_is_accepted(language: Language, style: str) -> None:
    rng = random.Random(2)
    for _ in range(150):
        item = KNIGHTS.item(rng, language=language, style=style)
        last = item.thought.splitlines()[-1]
        letters = re.findall(r"=\d([KN])", last)
        assert ["knight" if letter == "K" else "knave" for letter in letters] == item.value.split()
        assert KNIGHTS.grade(item.spec, item.answer)
        assert 0 <= item.difficulty <= 1
        assert split_of("knights", item.key) == "train"


def test_every_check_of_the_thought_is_true_and_follows_from_its_own_line() -> None:
    rng = random.Random(3)
    for spec in specs(200, seed=3):
        lines = KNIGHTS.think(spec, Language.ENGLISH, rng, "checked").splitlines()
        said = [line.rsplit("; ", 1)[1].split(":", 1) for line in lines if line.startswith("- ")]
        tried = [line for line in lines if re.match(r"(\d[KN])+\? ", line)]
        assert len(tried) == list(product((True, False), repeat=spec.people)).index(spec.solution) + 1
        for line in tried:
            proposal, checks = line.removesuffix(" wait").split("? ")
            kinds = {int(number): letter for number, letter in re.findall(r"(\d)([KN])", proposal)}
            marked = re.findall(r"(\d)([KN]):(.*?)([✓✗])", checks)
            assert [mark for *_, mark in marked[:-1]] == ["✓"] * (len(marked) - 1)
            assert (marked[-1][3] == "✓") == (line == tried[-1])
            for (number, letter, check, mark), (speaker, claim) in zip(marked, said, strict=False):
                assert number == speaker
                assert kinds[int(number)] == letter
                looked_up = re.sub(r"/[KN]|=\d?=?[TF]$|=[TF]", "", check)
                assert re.sub(r"=\d$", "", looked_up) == claim or looked_up == claim
                truth = check[-1] == "T"
                assert truth == read_claim(claim, kinds)
                assert (truth == (letter == "K")) == (mark == "✓")
                for person, stated, actual, equal in re.findall(r"(\d)([KN])/([KN])=([TF])", check):
                    assert kinds[int(person)] == actual
                    assert (stated == actual) == (equal == "T")


def test_unchecked_thought_tries_the_same_and_checks_nothing() -> None:
    rng = random.Random(4)
    for spec in specs(40, seed=4):
        checked = KNIGHTS.think(spec, Language.ENGLISH, rng, "checked").splitlines()
        unchecked = KNIGHTS.think(spec, Language.ENGLISH, rng, "unchecked").splitlines()
        assert [line.split("?")[0] for line in checked] == [line.split("?")[0] for line in unchecked]
        assert not any(re.search(r"=[TF]", line) for line in unchecked)


def test_key_is_the_same_for_renamed_people_and_permuted_statements() -> None:
    rng = random.Random(5)
    for spec in specs(60, seed=5):
        order = rng.choice(list(permutations(range(spec.people))))
        statements = [
            (
                order[speaker],
                Claim(claim.operator, tuple((order[p], k) for p, k in claim.atoms), claim.count, claim.knights),
            )
            for speaker, claim in spec.statements
        ]
        rng.shuffle(statements)
        solution = tuple(kind for _, kind in sorted(zip(order, spec.solution, strict=True)))
        other = KnightsSpec(spec.people, tuple(statements), solution, rng.getrandbits(32))
        assert KNIGHTS.key(other) == KNIGHTS.key(spec)
    assert len({KNIGHTS.key(spec) for spec in specs(500, seed=6)}) > 350


def test_key_does_not_depend_on_how_a_claim_is_written() -> None:
    both = Claim("and", ((0, False), (1, False)))
    all_of_us = Claim("exactly", count=2, knights=False)
    other = (1, Claim("is", ((0, True),)))
    one = KnightsSpec(2, ((0, both), other), (False, True), 0)
    two = KnightsSpec(2, ((0, all_of_us), other), (False, True), 1)
    assert KNIGHTS.key(one) == KNIGHTS.key(two)


def test_difficulty_grows_with_the_number_of_checks() -> None:
    drawn = sorted(specs(200, seed=7), key=work)
    difficulties = [KNIGHTS.difficulty(spec) for spec in drawn]
    assert difficulties == sorted(difficulties)
    assert difficulties[0] < 0.1
    assert difficulties[-1] > 0.8


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("Ann is a knight, A is a knave, and Bob is a knight.", (True, False, True)),
        ("Ann and Bob are knights; A is a knave.", (True, False, True)),
        ("Ann: knight\nA: knave\nBob: Knight", (True, False, True)),
        ("The knave is A and the knights are Ann, Bob", (True, False, True)),
        ("So **Ann** = truth-teller, **A** = liar, **Bob** = truth-teller.", (True, False, True)),
        ("Ann is a knight, A is a knave.", None),
        ("Ann is a knight or a knave, A is a knave, Bob is a knight.", None),
        ("Ann is not a knight, A is a knave, Bob is a knight.", None),
        ("Ann is a knight, Ann is a knave, A is a knave, Bob is a knight.", None),
        ("Maybe Ann is a knight, A is a knave, Bob is a knight.", None),
        ("Annie is a knight, A is a knave, Bob is a knight.", None),
        ("I'm qwill-nano", None),
        ("", None),
    ],
)
def test_strict_grading(reply: str, expected: tuple[bool, ...] | None) -> None:
    assert roles_in(reply, CAST, Language.ENGLISH) == expected


@pytest.mark.parametrize(
    ("reply", "language", "expected"),
    [
        ("甲是老实人，小明是骗子。", Language.CHINESE_SIMPLIFIED, (True, False)),
        ("答案：甲是老實人，小明是騙子", Language.CHINESE_TRADITIONAL, (True, False)),
        ("甲和小明都是骗子", Language.CHINESE_SIMPLIFIED, (False, False)),
        ("甲不是老实人，小明是骗子", Language.CHINESE_SIMPLIFIED, None),
        ("甲是老实人", Language.CHINESE_SIMPLIFIED, None),
    ],
)
def test_strict_grading_in_chinese(reply: str, language: Language, expected: tuple[bool, ...] | None) -> None:
    assert roles_in(reply, CHINESE_CAST, language) == expected


def test_a_wrong_answer_is_refused() -> None:
    rng = random.Random(8)
    for spec in specs(100, seed=8):
        flipped = KnightsSpec(spec.people, spec.statements, tuple(not kind for kind in spec.solution), spec.cast)
        for language in LANGUAGES:
            assert not KNIGHTS.grade(spec, KNIGHTS.reply(flipped, language, rng))


@pytest.mark.parametrize("language", LANGUAGES)
def test_question_names_everybody_in_order_and_is_filled_in(language: Language) -> None:
    rng = random.Random(9)
    questions = set()
    for spec in specs(300, seed=9):
        question = KNIGHTS.ask(spec, language, rng)
        questions.add(question)
        assert not re.search(r"[{}\[\]|\\]", question), question
        names = cast_of(spec.cast, spec.people, language).names
        if language is Language.ENGLISH and not any(len(name) == 1 for name in names):
            places = [question.find(name) for name in names]
            assert -1 not in places, question
    assert len(questions) == 300
