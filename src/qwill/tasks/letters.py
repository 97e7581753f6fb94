"""Counting a letter in a word, or a character in a Chinese phrase: the word is spelled out, then counted through."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import ClassVar

from qwill.core import Language
from qwill.tasks.asides import asides
from qwill.tasks.base import Family, Style
from qwill.tasks.letters_wordings import ask
from qwill.tasks.replies import says
from qwill.tasks.wording import in_script, vary
from qwill.tasks.words import CHINESE, ENGLISH, PAIRS, string_of_letters, syllables

_SLIPS = 0.12
_SHORTEST, _LONGEST = 2, 20


@dataclass(frozen=True)
class LettersSpec:
    """How often `letter` (one small letter, or one Chinese character) stands in `word` (small letters, maybe two
    words with a space between, or a simplified Chinese phrase)."""

    word: str
    letter: str

    @property
    def count(self) -> int:
        return self.word.count(self.letter)


class Letters(Family[LettersSpec]):
    """Letters in real and made-up words of 2 to 20 letters; characters in Chinese phrases."""

    name: ClassVar[str] = "letters"

    def draw(self, rng: random.Random) -> LettersSpec:
        draw = rng.random()
        if draw < 0.06:
            return _chinese_phrase(rng)
        if draw < 0.44:
            word = rng.choice(ENGLISH)
        elif draw < 0.49:
            word = rng.choice(PAIRS)
        elif draw < 0.75:
            word = syllables(rng)
        else:
            word = string_of_letters(rng)
        return LettersSpec(word, _letter(word, rng))

    def key(self, spec: LettersSpec) -> str:
        return f"{spec.word} {spec.letter}"

    def difficulty(self, spec: LettersSpec) -> float:
        """By the number of letters to go through, and a little by how many are hits."""
        length = len(spec.word.replace(" ", ""))
        work = (length - _SHORTEST + min(spec.count, 5) * 0.4) / (_LONGEST - _SHORTEST + 2)
        return min(1.0, max(0.0, work))

    def ask(self, spec: LettersSpec, language: Language, rng: random.Random) -> str:
        return ask(spec.word, spec.letter, language, rng)

    def think(self, spec: LettersSpec, language: Language, rng: random.Random, style: Style) -> str:
        say = asides(language)
        word, letter = in_script(spec.word, language), in_script(spec.letter, language)
        letters = word.replace(" ", "")
        slip = rng.random() if style == "checked" else 1.0
        # The word is copied before it is spelled: finding it in the question and spelling it are two skills.
        lines = [f"{letter}, {word}: {' '.join(letters)}"]
        steps, found = _counted(letters, letter, rng, say.wait if slip < _SLIPS / 2 else None, slip=slip < _SLIPS)
        lines += [f"{letter}: {steps}", f"={found}"]
        if style == "checked":
            steps, right = _counted(letters, letter, rng, None)
            if found != right:
                lines += [f"{say.check} {steps}", f"={right} {say.no}"]
            lines += [f"{say.check} {steps}", f"={right} {say.well}"]
        return "\n".join(lines)

    def reply(self, spec: LettersSpec, language: Language, rng: random.Random) -> str:
        count, word, letter = spec.count, spec.word, spec.letter
        if language.is_chinese:
            return in_script(vary(rng, "{w} 里有 {n} 个 {l}。", w=word, n=count, l=letter), language)
        if count == 1:
            return vary(rng, "There is 1 {l} in {w}.", l=letter, w=word)
        return vary(rng, "There are {n} {l}'s in {w}.", n=count, l=letter, w=word)

    def value(self, spec: LettersSpec) -> str:
        return str(spec.count)

    def grade(self, spec: LettersSpec, reply: str) -> bool:
        return says(reply.replace(spec.word, " "), spec.count)


def _chinese_phrase(rng: random.Random) -> LettersSpec:
    phrase = rng.choice(CHINESE)
    if rng.random() < 0.3:
        phrase = "".join(rng.choices(rng.choice(CHINESE), k=rng.randint(3, 10)))
    source = phrase if rng.random() < 0.85 else rng.choice(CHINESE)
    return LettersSpec(phrase, rng.choice(source))


def _letter(word: str, rng: random.Random) -> str:
    draw = rng.random()
    letters = word.replace(" ", "")
    if draw < 0.45:
        # Letters that stand there more than once are what people ask about.
        repeated = [letter for letter in letters if letters.count(letter) > 1]
        if repeated:
            return rng.choice(repeated)
    if draw < 0.85:
        return rng.choice(letters)
    return rng.choice("abcdefghijklmnopqrstuvwxyz")


def _counted(word: str, letter: str, rng: random.Random, wait: str | None, slip: bool = False) -> tuple[str, int]:
    """The word with the count so far after each letter ("s0 t0 r1"), and the count; with a slip, one count is wrong,
    and set right at once where there is a word for waiting."""
    wrong_at = rng.randrange(len(word)) if slip else -1
    count = 0
    steps = []
    for i, character in enumerate(word):
        right = count + (character == letter)
        if i == wrong_at:
            wrong = count if character == letter else count + 1
            steps.append(f"{character}{wrong}")
            if wait is None:
                count = wrong
                continue
            steps.append(wait)
        count = right
        steps.append(f"{character}{count}")
    return " ".join(steps), count
