"""What a family of generated problems is.

A family draws *specifications* (the bare mathematics of a problem, without words), and turns one into a question in
some language and wording, a teaching thought that solves it step by step, and an answer; and it grades any answer.
Whether a problem belongs to the training, development or test split depends on its canonical key alone: the same
problem with people renamed, statements permuted or numbers reordered has the same key and falls in the same split.
"""

from __future__ import annotations

import hashlib
import random
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Generic, Literal, TypeVar

from qwill.core import Language

Split = Literal["train", "dev", "test"]
Style = Literal["checked", "unchecked", "direct"]
"""How much a teaching thought shows: steps with checks, steps without checks, or no thought at all."""

SpecT = TypeVar("SpecT")


@dataclass(frozen=True)
class Item(Generic[SpecT]):
    """One problem, ready to be asked.

    Attributes:
        family: name of its family.
        spec: the bare problem.
        language: of question, thought and answer.
        question: as a user would write it.
        thought: a teaching thought that ends in the answer; empty for style "direct".
        answer: the reply shown to the user; contains the final value.
        value: the final value alone, in canonical form.
        difficulty: in [0, 1], from the specification alone.
        key: canonical key.
    """

    family: str
    spec: SpecT
    language: Language
    question: str
    thought: str
    answer: str
    value: str
    difficulty: float
    key: str


def split_of(family: str, key: str) -> Split:
    """The split a canonical key belongs to: 5% test, 2% dev, the rest train, by SHA-256."""
    bucket = int.from_bytes(hashlib.sha256(f"{family}\n{key}".encode()).digest()[:4]) % 100
    return "test" if bucket < 5 else "dev" if bucket < 7 else "train"


class Family(ABC, Generic[SpecT]):
    """A family of generated problems. Instances hold no state; all randomness comes from the given `rng`."""

    name: ClassVar[str]
    has_thought_checks: ClassVar[bool] = True

    @abstractmethod
    def draw(self, rng: random.Random) -> SpecT:
        """A specification drawn at random over the family's whole range of difficulty."""

    @abstractmethod
    def key(self, spec: SpecT) -> str:
        """Canonical key: equal for specifications that are the same problem up to names and order."""

    @abstractmethod
    def difficulty(self, spec: SpecT) -> float:
        """How hard it is, in [0, 1], 0 the easiest problem that `draw` gives."""

    @abstractmethod
    def ask(self, spec: SpecT, language: Language, rng: random.Random) -> str:
        """The question in one of many wordings."""

    @abstractmethod
    def think(self, spec: SpecT, language: Language, rng: random.Random, style: Style) -> str:
        """A thought that solves the problem; checks are left out for style "unchecked"."""

    @abstractmethod
    def reply(self, spec: SpecT, language: Language, rng: random.Random) -> str:
        """The reply shown to the user, short, containing the value."""

    @abstractmethod
    def value(self, spec: SpecT) -> str:
        """The final value in canonical form."""

    @abstractmethod
    def grade(self, spec: SpecT, reply: str) -> bool:
        """Whether a reply (thought stripped) gives a right answer. The reply is untrusted text: it is parsed here
        with our own small parsers and never evaluated."""

    def item(
        self, rng: random.Random, split: Split = "train", language: Language | None = None, style: Style = "checked"
    ) -> Item[SpecT]:
        """A problem of one split; specifications of other splits are drawn again."""
        spec = self.draw(rng)
        while split_of(self.name, self.key(spec)) != split:
            spec = self.draw(rng)
        language = (
            language
            or rng.choices((Language.ENGLISH, Language.CHINESE_SIMPLIFIED, Language.CHINESE_TRADITIONAL), (50, 40, 10))[
                0
            ]
        )
        return Item(
            family=self.name,
            spec=spec,
            language=language,
            question=self.ask(spec, language, rng),
            thought="" if style == "direct" else self.think(spec, language, rng, style),
            answer=self.reply(spec, language, rng),
            value=self.value(spec),
            difficulty=self.difficulty(spec),
            key=self.key(spec),
        )
