"""Frames around questions: they add, they never touch what is inside."""

import random
from collections import Counter

from qwill.core import Language
from qwill.tasks.frames import casual, common_first, frame

ENGLISH, CHINESE = "What is 9.11 + 478?", "9.11 加 478 等于多少？"


def test_most_questions_stay_as_they_are_and_none_loses_its_numbers() -> None:
    rng = random.Random(1)
    for question, language in ((ENGLISH, Language.ENGLISH), (CHINESE, Language.CHINESE_SIMPLIFIED)):
        framed = [frame(question, language, rng) for _ in range(3000)]
        assert 0.5 < sum(text == question for text in framed) / len(framed) < 0.75
        core = question[1:].rstrip("?？")
        assert all(core in text for text in framed)
        assert len(set(framed)) > 400


def test_frames_speak_the_language_of_the_question() -> None:
    rng = random.Random(2)
    for _ in range(500):
        assert frame(ENGLISH, Language.ENGLISH, rng).isascii()
    traditional = "".join(frame("9 加 4", Language.CHINESE_TRADITIONAL, rng) for _ in range(2000))
    assert "問" in traditional
    assert "问" not in traditional


def test_capitals_inside_a_question_survive() -> None:
    rng = random.Random(3)
    question = "Alice says: Bob is a liar. Who lies?"
    assert all("Alice says: Bob is a liar. Who lies" in frame(question, Language.ENGLISH, rng) for _ in range(500))


def test_casual_text_loses_only_capitals_marks_and_apostrophes() -> None:
    rng = random.Random(4)
    texts = {casual("What's 3 + 4?", rng) for _ in range(500)}
    assert texts == {"What's 3 + 4?", "what's 3 + 4?", "what's 3 + 4", "whats 3 + 4"}


def test_common_wordings_come_first() -> None:
    rng = random.Random(5)
    counts = Counter(common_first("abcdefghi", rng) for _ in range(9000))
    assert 2700 < counts["a"] < 3300
    assert counts["a"] > counts["b"] > counts["e"] > 400
    assert counts["i"] > 350
