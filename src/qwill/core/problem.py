"""What is asked: the typed form of a question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Language(StrEnum):
    """Language and script, named by BCP 47."""

    ENGLISH = "en"
    CHINESE_SIMPLIFIED = "zh-Hans"
    CHINESE_TRADITIONAL = "zh-Hant"
    OTHER = "und"

    @property
    def is_chinese(self) -> bool:
        return self in (Language.CHINESE_SIMPLIFIED, Language.CHINESE_TRADITIONAL)


class Kind(StrEnum):
    """What sort of thinking a problem wants."""

    MATH = "math"
    CODE = "code"
    SCIENCE = "science"
    LOGIC = "logic"
    KNOWLEDGE = "knowledge"
    GENERAL = "general"


class AnswerForm(StrEnum):
    """The form in which an answer can be compared with another one."""

    NUMBER = "number"
    EXPRESSION = "expression"
    CHOICE = "choice"
    SET = "set"
    CODE = "code"
    TEXT = "text"


@dataclass(frozen=True)
class Problem:
    """A parsed question.

    Attributes:
        text: the question as the user wrote it, surrounding white space removed.
        language: language and script of the question; the answer is given in the same.
        kind: what sort of thinking it wants.
        form: the form of the answer.
        choices: the options of a multiple-choice question, in order; empty otherwise.
        difficulty: estimate in [0, 1], or None where nothing is known.
        attachments: further material by name, JSON values. A question with some is not asked back about for lack of
            data; what the model is to read of them has to stand in the text.
    """

    text: str
    language: Language = Language.ENGLISH
    kind: Kind = Kind.GENERAL
    form: AnswerForm = AnswerForm.TEXT
    choices: tuple[str, ...] = ()
    difficulty: float | None = None
    attachments: Mapping[str, Any] = field(default_factory=dict)
