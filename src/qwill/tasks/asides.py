"""The few words inside worked thoughts: where a check begins, that it holds, that something was wrong."""

from __future__ import annotations

from dataclasses import dataclass

from qwill.core import Language


@dataclass(frozen=True)
class Asides:
    """What a thought says between its steps, in one language."""

    check: str
    well: str
    wait: str
    no: str


_ENGLISH = Asides(check="check:", well="ok", wait="wait", no="no, wait")
_ASIDES = {
    Language.CHINESE_SIMPLIFIED: Asides(check="验算:", well="对", wait="等一下", no="不对，等一下"),
    Language.CHINESE_TRADITIONAL: Asides(check="驗算:", well="對", wait="等一下", no="不對，等一下"),
}


def asides(language: Language) -> Asides:
    """The asides of a language; the English ones for languages without their own."""
    return _ASIDES.get(language, _ENGLISH)
