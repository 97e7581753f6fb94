"""Questions outside every other family, and the one answer to them.

This teaches a small model to tell what it was not trained for. It cannot learn a list of all other questions, so the
questions here are as varied as we can make them: what matters is that nothing in them fits a family.
"""

from __future__ import annotations

import hashlib
import random
import re
from dataclasses import dataclass

from qwill.core import Language
from qwill.tasks.base import Family, Item, Split, Style, split_of
from qwill.tasks.outside_words import question
from qwill.tasks.wording import in_script

DECLINE_EN = (
    "I'm qwill-nano, a very small model, and this is outside what I was trained for (letters, numbers, small programs "
    'and logic puzzles). Ask a larger model, for example: qwill ask -m PATH_OR_NAME "…"'
)
DECLINE_ZH = (
    "我是 qwill-nano，一个很小的模型，这超出了我学过的范围（数字母、计算、小程序和逻辑谜题）。"
    "请换更大的模型，例如：qwill ask -m 路径或名称 “…”"
)
THOUGHT_EN = "This is none of the things that I was trained for."
THOUGHT_ZH = "这不在我学过的题型里。"


_LANGUAGES = (Language.ENGLISH, Language.CHINESE_SIMPLIFIED, Language.CHINESE_TRADITIONAL)


@dataclass(frozen=True)
class OutsideSpec:
    """A question outside the families: its language (English or simplified Chinese) and its words."""

    language: Language
    text: str


class Outside(Family[OutsideSpec]):
    """Everything that the model should decline."""

    name = "outside"
    has_thought_checks = False

    def draw(self, rng: random.Random) -> OutsideSpec:
        language = rng.choice((Language.ENGLISH, Language.CHINESE_SIMPLIFIED))
        return OutsideSpec(language, question(language, rng))

    def key(self, spec: OutsideSpec) -> str:
        letters = re.sub(r"[\W_]+", "", spec.text.lower()) or spec.text
        return hashlib.sha256(letters.encode()).hexdigest()[:16]

    def difficulty(self, spec: OutsideSpec) -> float:
        return 0.0

    def ask(self, spec: OutsideSpec, language: Language, rng: random.Random) -> str:
        """The question, framed. It has no translation: `language` must be a script of its own language."""
        from qwill.tasks.frames import frame

        text = in_script(spec.text, language)
        if rng.random() < 0.35 and any(letter.isalnum() for letter in text):
            return frame(text, language, rng)
        return text

    def item(
        self, rng: random.Random, split: Split = "train", language: Language | None = None, style: Style = "checked"
    ) -> Item[OutsideSpec]:
        """As in every family, but the language comes first, for a question belongs to one."""
        language = language or rng.choices(_LANGUAGES, (50, 40, 10))[0]
        spoken = Language.CHINESE_SIMPLIFIED if language.is_chinese else Language.ENGLISH
        while True:
            spec = OutsideSpec(spoken, question(spoken, rng))
            if split_of(self.name, self.key(spec)) == split:
                break
        return Item(
            family=self.name, spec=spec, language=language, question=self.ask(spec, language, rng),
            thought="" if style == "direct" else self.think(spec, language, rng, style),
            answer=self.reply(spec, language, rng), value=self.value(spec), difficulty=0.0, key=self.key(spec),
        )  # fmt: skip

    def think(self, spec: OutsideSpec, language: Language, rng: random.Random, style: Style) -> str:
        return in_script(THOUGHT_ZH if language.is_chinese else THOUGHT_EN, language)

    def reply(self, spec: OutsideSpec, language: Language, rng: random.Random) -> str:
        return in_script(DECLINE_ZH if language.is_chinese else DECLINE_EN, language)

    def value(self, spec: OutsideSpec) -> str:
        return "declined"

    def grade(self, spec: OutsideSpec, reply: str) -> bool:
        return is_decline(reply)


def is_decline(reply: str) -> bool:
    """Whether a reply is qwill-nano's refusal, in any of the scripts."""
    text = " ".join(reply.split())
    return text in (DECLINE_EN, DECLINE_ZH, in_script(DECLINE_ZH, Language.CHINESE_TRADITIONAL))
