"""Which language a question is asked in, and in which script."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from qwill.core import Language


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NOT_PROSE = re.compile(
    r"""```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$\n]*\$|https?://[!-~]+"""
    r"""|^[ \t]*(?:for|if|elif|else|while|def|return|print|import|[a-z_]\w*(?:\[\w+\])?\s?[-+*/]?=)[ (:\d\w][!-~ ]*$"""
    r"""|"[^"\n]*"|“[^”\n]*”|‘[^’\n]*’|「[^」\n]*」|《[^》\n]*》|(?<!\w)'[^'\n]*'(?!\w)""",
    re.DOTALL | re.MULTILINE,
)
"""Code, formulas, addresses and quotations: what a question is about, not the language it is asked in."""

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_LATIN_WORD = re.compile(r"[A-Za-zÀ-ÖØ-öø-ɏ]+(?:['’][A-Za-z]+)?")
_KANA_OR_HANGUL = re.compile(r"[\u3040-\u30ff\uac00-\ud7af\u1100-\u11ff]")
_LETTER = re.compile(r"[^\W\d_]")
_CHINESE_MARK = re.compile(r"[，。？！：；、（）＝]")

_CHINESE_FUNCTION = re.compile(
    r"[的是有吗嗎呢几幾哪和与與在了请請个個把这這那为為对對不能如若则則]|多少|什么|什麼|怎么|怎麼|怎样|怎樣|为什么|求|计算|計算"
)
_ENGLISH_FUNCTION = _words(
    """
    a an and are be by can could did do does each find for from give has have how i if in is it its let many much my not
    of on or please should than that the then there this to using was were what what's when where which who why will
    with would write you your
    """
)
_OTHER_FUNCTION = _words(
    """
    aber alle au auf aus avec bei beim che ci combien comment como con cual cuál cuántas cuántos cuanto da dans das de
    dei del della den der des di die do du ein eine el en er es est et eu für gibt gli hay hoe hoeveel il ist je kan la
    las le les los mais mit nel nicht non nous o para per perché por porque pour pourquoi qu quale quanti quanto que
    quel quelle qui quiero são se sie sind sono sont su sur um un una une und van viele von was wie wieviel wieviele
    worum y é és
    """
)


_ASKS_IN_CHINESE = re.compile(
    r"^\W*(请|請|求|问|問|翻译|翻譯|解释|解釋|解方程|把|将|將|用|写|寫|帮|幫|比较|比較|为什么|為什麼|怎么|怎麼|如何)"
    r"|(什么|什麼|多少|吗|嗎|呢|怎么写|怎麼寫|哪个|哪個|几个?|幾個?|[大小对對]|意思|区别|區別|中文|英文)[\s？?。]*$"
)
_ASKS_IN_ENGLISH = re.compile(
    r"^\W*(how|what|which|who|why|when|where|translate|explain|please|find|write|solve|compute|calculate|say|is|are|does)\b"
    r"\W+[A-Za-z]",
    re.IGNORECASE,
)


def detect_language(text: str) -> Language:
    """Language and script a question is asked in; `Language.OTHER` where that is neither English nor Chinese, or
    where it holds no words at all.

    A question that mixes Chinese and English is in the language that asks ("请翻译…", "How do you say …", "…多少？"),
    else in that of the larger share, function words counting double. What stands in quotes, code and formulas counts
    only when there is nothing else.
    """
    prose = _NOT_PROSE.sub(" ", text)
    if not _LETTER.search(prose):
        prose = text
    if _KANA_OR_HANGUL.search(prose):
        return Language.OTHER
    han = _HAN.findall(prose)
    words = [word.lower() for word in _LATIN_WORD.findall(prose) if len(word) > 1 or word in "aI"]  # x is no word
    if not han and not words:
        other_letters = _LETTER.search(_LATIN_WORD.sub("", prose))
        mark_only = _CHINESE_MARK.search(text) and not other_letters
        return Language.CHINESE_SIMPLIFIED if mark_only else Language.OTHER
    if not han:
        return _latin_language(prose, words)
    if not words or _asks_in_chinese(prose, len(han), words):
        return chinese_script(text)
    return Language.ENGLISH


def _asks_in_chinese(prose: str, han: int, words: list[str]) -> bool:
    """Whether a question with words of both languages is a Chinese one; two characters weigh as much as a word."""
    chinese, english = _ASKS_IN_CHINESE.search(prose), _ASKS_IN_ENGLISH.search(prose)
    if bool(chinese) != bool(english):
        return bool(chinese)
    chinese_weight = han / 2 + 2 * len(_CHINESE_FUNCTION.findall(prose))
    return chinese_weight >= len(words) + sum(word in _ENGLISH_FUNCTION for word in words)


def _latin_language(prose: str, words: list[str]) -> Language:
    """English unless more words are function words of another language, or another alphabet prevails."""
    letters = len(_LETTER.findall(prose))
    if sum(map(len, words)) < letters / 2:
        return Language.OTHER
    english = sum(word in _ENGLISH_FUNCTION for word in words)
    other = sum(word in _OTHER_FUNCTION for word in words) + sum(not word.isascii() for word in words)
    return Language.OTHER if other > english else Language.ENGLISH


def chinese_script(text: str) -> Language:
    """Whether Chinese text is written in simplified or traditional characters; simplified where both write it alike.

    A character that conversion to simplified changes is hardly ever written in simplified text, while some that
    conversion to traditional changes (里, 后, 台) stand in both; so in doubt the former decide.
    """
    simplified = traditional = 0
    for character in _HAN.findall(text):
        to_simplified, to_traditional = _forms(character)
        traditional += to_simplified != character
        simplified += to_traditional != character and to_simplified == character
    return Language.CHINESE_TRADITIONAL if traditional and traditional >= simplified else Language.CHINESE_SIMPLIFIED


def to_simplified(text: str) -> str:
    """Text with each Chinese character in its simplified form, character by character, so that positions stay."""
    return _HAN.sub(lambda character: _forms(character[0])[0], text)


@cache
def _forms(character: str) -> tuple[str, str]:
    """One character in simplified and in traditional form."""
    to_simplified, to_traditional = _converters()
    return str(to_simplified.convert(character)), str(to_traditional.convert(character))


@cache
def _converters() -> tuple[Any, Any]:
    from opencc import OpenCC

    return OpenCC("t2s"), OpenCC("s2t")
