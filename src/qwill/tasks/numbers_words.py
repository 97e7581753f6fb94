"""How people ask for remainders, common divisors and other bases; how the answers are told, and read."""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Mapping

from qwill.core import Language
from qwill.tasks.frames import casual, frame
from qwill.tasks.numbers_words_en import ENGLISH, TAGGED_ENGLISH, Kind
from qwill.tasks.numbers_words_zh import CHINESE, TAGGED_CHINESE
from qwill.tasks.wording import in_script, vary

_BASE_ENGLISH = {
    2: ("binary", "binary", "binary", "base 2", "base two"),
    3: ("base 3", "base three", "ternary"),
    8: ("octal", "octal", "octal", "base 8", "base eight"),
    12: ("base 12", "base twelve", "duodecimal"),
    16: ("hexadecimal", "hexadecimal", "hex", "hex", "base 16", "base sixteen"),
}
_SPELLED_ENGLISH = (
    "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen",
    "fifteen", "sixteen",
)  # fmt: skip
_NUMERALS = "零一二三四五六七八九"
_TAG_RATE = 0.15
_TAGS = {2: ("0b{}", "{}b"), 8: ("0o{}", "0{}"), 16: ("0x{}", "0x{}", "{}h", "0X{}")}
_LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def ask(kind: Kind, shown: str, second: int, language: Language, rng: random.Random) -> str:
    """One wording of the question; `shown` is the first number as the question shows it, `second` the divisor, the
    other number or the base."""
    chinese = language.is_chinese
    cores = (CHINESE if chinese else ENGLISH)[kind]
    base = _base_name(second, chinese, rng) if kind in ("to_base", "from_base") else ""
    if kind == "from_base":
        shown = shown.lower() if rng.random() < 0.25 else shown
        if rng.random() < _TAG_RATE:
            shown, cores = _tagged(shown, second, rng), TAGGED_CHINESE if chinese else TAGGED_ENGLISH
    question = vary(rng, cores, a=shown, b=second, base=base)
    question = in_script(question, language) if chinese else casual(_capital(question, rng), rng)
    return frame(question, language, rng)


def _capital(question: str, rng: random.Random) -> str:
    """Cores that begin with a slot may begin with a small-lettered base's name: mostly set right."""
    return question[:1].upper() + question[1:] if rng.random() < 0.6 else question


def _tagged(shown: str, base: int, rng: random.Random) -> str:
    """A number whose writing names its base."""
    lowered = str(base).translate(_LOWERED)
    general = (
        f"{{}}{lowered}",
        f"({{}}){lowered}",
        f"{{}}_{base}",
        f"({{}})_{base}",
        f"({{}}){base}",
        f"{{}} (base {base})",
    )
    return rng.choice(_TAGS.get(base, general) if rng.random() < 0.5 else general).format(shown)


def _base_name(base: int, chinese: bool, rng: random.Random) -> str:
    if not chinese:
        return rng.choice(
            _BASE_ENGLISH.get(
                base, (f"base {base}", f"base {base}", f"base-{base}", f"base {_SPELLED_ENGLISH[base - 2]}")
            )
        )
    spelled = _NUMERALS[base] if base < 10 else "十" + _NUMERALS[base - 10].replace("零", "")
    if base in (2, 8, 16) and rng.random() < 0.6:
        return f"{spelled}进制"
    return rng.choice((f"{base}进制", f"{spelled}进制"))


_TOLD_ENGLISH: Mapping[Kind, tuple[str, ...]] = {
    "remainder": ("The remainder is {v}.", "{a} mod {b} = {v}"),
    "gcd": ("The greatest common divisor is {v}.", "gcd({a}, {b}) = {v}"),
    "to_base": ("{a} in base {b} is {v}.", "{a} is {v} in base {b}."),
    "from_base": ("{a} in base {b} is {v}.", "In decimal it is {v}."),
}
_TOLD_CHINESE: Mapping[Kind, tuple[str, ...]] = {
    "remainder": ("余数是{v}。", "{a} mod {b} = {v}"),
    "gcd": ("最大公约数是{v}。", "gcd({a}, {b}) = {v}"),
    "to_base": ("{a}的{b}进制是{v}。", "结果是{v}。"),
    "from_base": ("{b}进制的{a}是{v}。", "结果是{v}。"),
}


def tell(kind: Kind, shown: str, second: int, language: Language, rng: random.Random, *, value: str) -> str:
    templates = (_TOLD_CHINESE if language.is_chinese else _TOLD_ENGLISH)[kind]
    return in_script(vary(rng, templates, a=shown, b=second, v=value), language)


_MARKS = "₀₁₂₃₄₅₆₇₈₉"
_SUBSCRIPT = re.compile(rf"_\{{?\d{{1,2}}\}}?|[{_MARKS}]{{1,2}}")
_NAMED_BASE = re.compile(r"\bbase[- ]?\d{1,2}\b|\d{1,2}\s?(?:进制|進制|-bit)|以\s?\d{1,2}\s?(?:为|為)底", re.IGNORECASE)
_PREFIX = re.compile(r"\b0[xbo](?=[0-9A-F])", re.IGNORECASE)
_WORD = re.compile(r"[0-9A-Za-z]+")


def grade_converted(reply: str, value: str, given: str, base: int, answer_base: int) -> bool:
    """Whether a reply tells `value`, a number in `answer_base`, as its last number, with nothing beside it but the
    number given and the bases' names. Prefixes (0x, 0b), subscripts, leading zeros and small letters are allowed."""
    text = _SUBSCRIPT.sub(" ", reply[-4000:])
    text = _NAMED_BASE.sub(" ", unicodedata.normalize("NFKC", text))
    numbers = [word for word in _WORD.findall(_PREFIX.sub("", text)) if _is_number(word, max(base, answer_base))]
    if not numbers or not _same(numbers[-1], value):
        return False
    return all(_same(number, value) or _same(number, given) for number in numbers)


def _is_number(word: str, base: int) -> bool:
    """Digits, or capital letters that are digits of the base; a small-lettered word only counts beside a digit."""
    if word.isdigit():
        return True
    digits = set("0123456789ABCDEF"[:base])
    return set(word.upper()) <= digits and (word.isupper() or any(c.isdigit() for c in word) or len(word) > 1)


def _same(word: str, value: str) -> bool:
    return word.upper().lstrip("0") == value.lstrip("0")
