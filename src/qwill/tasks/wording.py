"""Many wordings from few lines: a template language, frames around questions, and scripts of Chinese.

In a template `[a|b|c]` draws one alternative (nested ones too, an empty one is allowed) and `{name}` is filled in
afterwards, so that filled-in text is never read as template.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from qwill.core import Language

_INNERMOST = re.compile(r"\[([^\[\]]*)\]")


def vary(rng: random.Random, template: str | Sequence[str], **slots: Any) -> str:
    """One wording of a template (or of one template out of several), with its slots filled in.

    Raises:
        KeyError: the template names a slot that is not given.
    """
    text = template if isinstance(template, str) else rng.choice(template)
    while match := _INNERMOST.search(text):
        text = text[: match.start()] + rng.choice(match[1].split("|")) + text[match.end() :]
    return re.sub(r"\{(\w+)\}", lambda slot: str(slots[slot[1]]), text)


@cache
def _converter() -> Any:
    from opencc import OpenCC

    return OpenCC("s2t")


@cache
def _convert(text: str) -> str:
    return str(_converter().convert(text))


def in_script(text: str, language: Language) -> str:
    """Simplified Chinese text in the script of the language; other text unchanged."""
    if language is not Language.CHINESE_TRADITIONAL:
        return text
    return "".join(_convert(character) if "一" <= character <= "鿿" else character for character in text)
