"""Text of models cut into the tokens of arithmetic, each with its place: plain text, LaTeX, Markdown, English, Chinese.

Nothing is lost: what has no meaning here becomes a token all the same (a word, a break, something foreign), so that a
reader of the tokens knows what stands beside an expression.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction

from qwill.verify.numerals import chinese_number

_MAX_DIGITS = 40


class T(StrEnum):
    """Kinds of tokens."""

    NUMBER = "number"
    SIGN = "sign"  # + - * / ^ // mod
    OPEN = "open"
    CLOSE = "close"
    PERCENT = "percent"
    CURRENCY = "currency"
    FACTORIAL = "factorial"
    FRACTION = "fraction"  # \frac
    ROOT = "root"
    PI = "pi"
    OF = "of"  # "of" behind a percentage or a fraction; 的
    EQUALS = "equals"
    APPROXIMATELY = "approximately"
    SAYS = "says"  # "is", "gives", 是: an equality when an expression stands before it
    COMPARES = "compares"  # < > <= >= !=
    REMAINDER = "remainder"
    WORD = "word"
    BREAK = "break"  # punctuation: what stands behind it is another statement
    LINE = "line"  # end of a line
    FOREIGN = "foreign"  # anything that could change the meaning of an expression beside it


@dataclass(frozen=True)
class Token:
    """One token: its kind, plain form, [start, end) in characters, and for numbers the value and decimals shown."""

    kind: T
    text: str
    start: int
    end: int
    value: Fraction = Fraction(0)
    decimals: int = 0


_PLAIN = {
    ord(character): sign
    for sign, characters in {
        "-": "－−–", "*": "＊×✕✖∗⋅·∙•", "/": "／÷∕", "+": "＋", "=": "＝", "%": "％", "(": "（", ")": "）", "[": "［",
        "]": "］", "{": "｛", "}": "｝", "<": "＜", ">": "＞", "≤": "≦", "≥": "≧", "$": "＄", "¥": "￥",
        "≈": "≅≃",
    }.items()
    for character in characters
} | {ord("０") + digit: str(digit) for digit in range(10)}  # fmt: skip
_NUMBER = re.compile(r"\d{1,3}(?:(?:,|\{,\})\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+")
_WORD = re.compile(r"[A-Za-zµμΩÅé]+(?:['’][a-z]+)?")
_CJK = re.compile(r"[\u3400-\u9fff]+")
_COMMAND = re.compile(r"\\(?:[A-Za-z]+|.)", re.DOTALL)
_INDEX = re.compile(r"_\{[^{}]*\}")  # P_{10}
_DEGREES = re.compile(r"\^\s*(?:\\circ\b|\{\s*\\circ\s*\})")
_RULES = re.compile(r"[=\-_*~#]{3,}")
_COMMANDS: dict[str, tuple[T, str]] = {
    "times": (T.SIGN, "*"), "cdot": (T.SIGN, "*"), "ast": (T.SIGN, "*"), "div": (T.SIGN, "/"),
    "approx": (T.APPROXIMATELY, "≈"), "simeq": (T.APPROXIMATELY, "≈"), "frac": (T.FRACTION, "frac"),
    "dfrac": (T.FRACTION, "frac"), "tfrac": (T.FRACTION, "frac"), "sqrt": (T.ROOT, "sqrt"), "pi": (T.PI, "pi"),
    "le": (T.COMPARES, "<="), "leq": (T.COMPARES, "<="), "ge": (T.COMPARES, ">="), "geq": (T.COMPARES, ">="),
    "lt": (T.COMPARES, "<"), "gt": (T.COMPARES, ">"), "ne": (T.COMPARES, "!="), "neq": (T.COMPARES, "!="),
    "%": (T.PERCENT, "%"), "$": (T.CURRENCY, "$"), "\\": (T.LINE, "\n"), "[": (T.BREAK, "["), "]": (T.BREAK, "]"),
    "implies": (T.BREAK, ";"), "Rightarrow": (T.BREAK, ";"), "rightarrow": (T.BREAK, ";"), "to": (T.BREAK, ";"),
    "ldots": (T.REMAINDER, "…"), "dots": (T.REMAINDER, "…"), "cdots": (T.REMAINDER, "…"), "{": (T.OPEN, "{"),
    "}": (T.CLOSE, "}"), "circ": (T.WORD, "°"), "mod": (T.SIGN, "mod"), "item": (T.BREAK, ";"),
}  # fmt: skip
_SILENT = {
    "left", "right", "quad", "qquad", ",", ";", ":", "!", " ", "(", ")", "displaystyle", "big", "Big", "bigl", "bigr",
    "phantom", "\n",
}  # fmt: skip
_WRAPPERS = {"text", "mathrm", "mathbf", "textbf", "mbox", "boxed", "textit", "operatorname", "bold", "underline"}
_SYMBOLS: dict[str, tuple[T, str]] = {
    "<=": (T.COMPARES, "<="), ">=": (T.COMPARES, ">="), "!=": (T.COMPARES, "!="), "=>": (T.BREAK, ";"),
    "->": (T.BREAK, ";"), "//": (T.SIGN, "//"), "...": (T.REMAINDER, "…"), "=": (T.EQUALS, "="), "+": (T.SIGN, "+"),
    "-": (T.SIGN, "-"), "*": (T.SIGN, "*"), "/": (T.SIGN, "/"), "^": (T.SIGN, "^"), "(": (T.OPEN, "("),
    ")": (T.CLOSE, ")"), "[": (T.OPEN, "["), "]": (T.CLOSE, "]"), "%": (T.PERCENT, "%"), "≈": (T.APPROXIMATELY, "≈"),
    "<": (T.COMPARES, "<"), ">": (T.COMPARES, ">"), "≤": (T.COMPARES, "<="), "≥": (T.COMPARES, ">="),
    "≠": (T.COMPARES, "!="), "√": (T.ROOT, "sqrt"), "π": (T.PI, "pi"), "°": (T.WORD, "°"), "℃": (T.WORD, "°C"),
    "℉": (T.WORD, "°F"), "¢": (T.WORD, "cents"), "…": (T.REMAINDER, "…"), "!": (T.FACTORIAL, "!"), "\n": (T.LINE, "\n"),
    "→": (T.BREAK, ";"), "⇒": (T.BREAK, ";"), "∴": (T.BREAK, ";"), "—": (T.BREAK, ";"), "✓": (T.BREAK, ";"),
    "✔": (T.BREAK, ";"), "★": (T.BREAK, ";"), "|": (T.BREAK, "|"), "#": (T.BREAK, "#"), '"': (T.BREAK, '"'),
    "“": (T.BREAK, '"'), "”": (T.BREAK, '"'), "？": (T.BREAK, "?"), "！": (T.BREAK, "!"),
}  # fmt: skip
_SYMBOLS |= {sign: (T.CURRENCY, sign) for sign in "$¥€£₹"} | {
    sign: (T.BREAK, sign) for sign in ",.;:?，。；：、'‘’「」"
}
_SUPERSCRIPTS = {"²": 2, "³": 3, "⁴": 4, "⁵": 5, "⁶": 6, "⁸": 8}
_ENGLISH: dict[str, tuple[T, str]] = {
    "plus": (T.SIGN, "+"), "minus": (T.SIGN, "-"), "times": (T.SIGN, "*"), "mod": (T.SIGN, "mod"),
    "modulo": (T.SIGN, "mod"), "percent": (T.PERCENT, "%"), "equals": (T.EQUALS, "="), "equal": (T.EQUALS, "="),
    "of": (T.OF, "of"), "is": (T.SAYS, "is"), "gives": (T.SAYS, "is"), "makes": (T.SAYS, "is"), "pi": (T.PI, "pi"),
    "remainder": (T.REMAINDER, "remainder"),
}  # fmt: skip
_CHINESE: dict[str, tuple[T, str] | None] = {
    "加上": (T.SIGN, "+"), "加": (T.SIGN, "+"), "减去": (T.SIGN, "-"), "減去": (T.SIGN, "-"), "减": (T.SIGN, "-"),
    "減": (T.SIGN, "-"), "乘以": (T.SIGN, "*"), "乘": (T.SIGN, "*"), "除以": (T.SIGN, "/"), "等于": (T.EQUALS, "="),
    "等於": (T.EQUALS, "="), "约等于": (T.APPROXIMATELY, "≈"), "約等於": (T.APPROXIMATELY, "≈"), "的": (T.OF, "的"),
    "大于": (T.COMPARES, ">"), "大於": (T.COMPARES, ">"), "小于": (T.COMPARES, "<"), "小於": (T.COMPARES, "<"),
    "余": (T.REMAINDER, "余"), "餘": (T.REMAINDER, "余"), "是": (T.SAYS, "是"), "得": (T.SAYS, "是"),
    "得到": (T.SAYS, "是"), "不等于": (T.COMPARES, "!="), "不等於": (T.COMPARES, "!="), "除": (T.FOREIGN, "除"),
    "不大于": (T.COMPARES, "<="), "不小于": (T.COMPARES, ">="), "和": (T.BREAK, "和"), "与": (T.BREAK, "与"),
    "平方": (T.FOREIGN, "平方"),
    # Words in which one of the above means something else.
    "增加": None, "减少": None, "減少": None, "参加": None, "加油": None, "剩余": None, "剩餘": None, "余下": None,
    "还是": None, "但是": None, "于是": None, "总是": None, "只是": None, "获得": None, "取得": None, "目的": None,
    "平方米": None, "平方厘米": None, "平方千米": None, "平方公里": None, "平方分米": None, "平方毫米": None,
    "和平": None, "是否": (T.FOREIGN, "是否"), "不是": (T.FOREIGN, "不是"), "其余": None, "多余": None, "余额": None,
}  # fmt: skip
_CHINESE_WORD = re.compile("|".join(sorted(_CHINESE, key=len, reverse=True)))
_COUNTS = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
)
_SPELLED = {word: value for value, word in enumerate(_COUNTS.split(), start=1)}
_SHARES = {"half": Fraction(1, 2), "third": Fraction(1, 3), "quarter": Fraction(1, 4)}
_OPERANDS = (T.NUMBER, T.CLOSE, T.PERCENT, T.PI, T.FACTORIAL)
_STARTERS = (T.NUMBER, T.CURRENCY, T.OPEN, T.FRACTION, T.ROOT, T.PI)


def plain(text: str) -> str:
    """The text with full-width and typographic signs as plain ones; every character keeps its place."""
    return text.translate(_PLAIN)


def tokens(text: str) -> list[Token]:
    """Tokens of a text, in order; white space, Markdown emphasis and LaTeX layout leave no token."""
    found = _Scanner(plain(text)).tokens()
    return _phrases(found, text)


class _Scanner:
    """One pass over the text; knows which LaTeX braces only wrap."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._braces: list[bool] = []  # of each open brace whether it is silent
        self._found: list[Token] = []

    def tokens(self) -> list[Token]:
        while self._at < len(self._text):
            self._next()
        return self._found

    def _add(self, kind: T, text: str, end: int, value: Fraction = Fraction(0), decimals: int = 0) -> None:
        self._found.append(Token(kind, text, self._at, end, value, decimals))
        self._at = end

    def _next(self) -> None:
        text, at = self._text, self._at
        character = text[at]
        if index := _INDEX.match(text, at):
            self._add(T.FOREIGN, index[0], index.end())
        elif character in " \t\r`_&" or text.startswith("__", at):
            self._at += 1
        elif number := _NUMBER.match(text, at):
            self._number(number[0], number.end())
        elif word := _WORD.match(text, at):
            self._add(T.WORD, word[0], word.end())
        elif run := _CJK.match(text, at):
            self._chinese(run.end())
        elif degrees := _DEGREES.match(text, at):
            self._add(T.WORD, "°", degrees.end())
        elif character == "\\" and (command := _COMMAND.match(text, at)):
            self._command(command[0][1:], command.end())
        elif rule := _RULES.match(text, at):
            self._add(T.BREAK if rule[0][0] != "=" else T.FOREIGN, rule[0], rule.end())
        elif text.startswith("**", at):
            self._stars()
        elif character in "{}":
            self._brace(character)
        elif character in _SUPERSCRIPTS:
            self._add(T.SIGN, "^", at)
            self._add(T.NUMBER, character, at + 1, Fraction(_SUPERSCRIPTS[character]))
        else:
            self._symbol()

    def _number(self, written: str, end: int) -> None:
        text, at = self._text, self._at
        digits = written.replace(",", "").replace("{}", "")
        times = text[at - 1 : at] in ("x", "X") and text[at - 2 : at - 1].isdigit()  # 3x4
        glued = at > 0 and not times and ((text[at - 1].isascii() and text[at - 1].isalpha()) or text[at - 1] == "_")
        version = text[end : end + 1] == "." and text[end + 1 : end + 2].isdigit()
        clock = text[end : end + 1] == ":" and text[end + 1 : end + 2].isdigit()
        odd = len(digits) > _MAX_DIGITS or (len(digits) > 1 and digits[0] == "0" and digits[1] != ".")
        if glued or version or clock or odd or (at > 0 and text[at - 1] in ":." and text[at - 2 : at - 1].isdigit()):
            self._add(T.FOREIGN, written, end)
            return
        decimals = len(digits) - digits.index(".") - 1 if "." in digits else 0
        self._add(T.NUMBER, digits, end, Fraction(digits), decimals)

    def _chinese(self, end: int) -> None:
        """A run of Chinese characters: the words that calculate, and what stands between them."""
        text, start = self._text, self._at
        word_from = start
        for match in _CHINESE_WORD.finditer(text, start, end):
            if (meaning := _CHINESE[match[0]]) is None:
                continue
            if word_from < match.start():
                self._at = word_from
                self._add(T.WORD, text[word_from : match.start()], match.start())
            self._at = match.start()
            self._add(*meaning, match.end())
            word_from = match.end()
        if word_from < end:
            self._at = word_from
            self._add(T.WORD, text[word_from:end], end)

    def _command(self, name: str, end: int) -> None:
        if name in _WRAPPERS and (label := _NAMED.match(self._text, end)):
            self._add(T.FOREIGN, label[0], label.end())
        elif name in _WRAPPERS:
            brace = re.compile(r"\s*\{").match(self._text, end)
            if brace:
                self._braces.append(True)
                end = brace.end()
            self._at = end
        elif name in _SILENT:
            self._at = end
        elif name in _COMMANDS:
            self._add(*_COMMANDS[name], end)
        else:
            self._add(T.FOREIGN, name, end)

    def _brace(self, character: str) -> None:
        if character == "{":
            self._braces.append(False)
            self._add(T.OPEN, "{", self._at + 1)
        elif self._braces and self._braces.pop():
            self._at += 1
        else:
            self._add(T.CLOSE, "}", self._at + 1)

    def _stars(self) -> None:
        """Two stars: a power between digits or brackets, else Markdown's bold."""
        at, text = self._at, self._text
        before, after = text[at - 1 : at], text[at + 2 : at + 3]
        power = before and after and (before in " )" or before.isdigit()) and (after in " (" or after.isdigit())
        if power and (before == " ") == (after == " "):
            self._add(T.SIGN, "^", self._at + 2)
        else:
            self._at += 2

    def _symbol(self) -> None:
        text, at = self._text, self._at
        if text[at : at + 2] in ("==", ":=", "+=", "-=", "*=", "/=", "=?", "<<", ">>", "++"):
            self._add(T.FOREIGN, text[at : at + 2], at + 2)
            return
        starts_line = not self._found or self._found[-1].kind is T.LINE
        if text[at] in "-*+>" and starts_line and text[at + 1 : at + 2] in (" ", "\t", ""):
            self._add(T.BREAK, "bullet", at + 1)
            return
        for length in (3, 2, 1):
            if at + length <= len(text) and (meaning := _SYMBOLS.get(text[at : at + length])):
                end = at + length
                while meaning[1] == "…" and text[end : end + 1] in (".", "…", "*") and text[end : end + 1]:
                    end += 1
                self._add(*meaning, end)
                return
        pictured = unicodedata.category(text[at]) in ("So", "Cn", "Mn")  # emoji stand between statements
        self._add(T.BREAK if pictured else T.FOREIGN, text[at], at + 1)


def _phrases(found: list[Token], text: str) -> list[Token]:
    """Words that calculate as the signs they stand for, where their neighbours say that they do."""
    found = _without_comments(found)
    result: list[Token] = []
    at = 0
    while at < len(found):
        token, after = found[at], found[at + 1] if at + 1 < len(found) else None
        before = result[-1] if result else None
        word = token.text.lower() if token.kind is T.WORD else ""
        next_word = after.text.lower() if after and after.kind is T.WORD else ""
        used = 1
        if word in ("multiplied", "divided") and next_word == "by" and after:
            token, used = replace(token, kind=T.SIGN, text="*" if word[0] == "m" else "/", end=after.end), 2
        elif word == "is" and next_word in _COMPARATIVES and _word(found, at + 2) in ("than", "to"):
            sign = "=" if next_word == "equal" else _COMPARATIVES[next_word]
            kind = T.EQUALS if sign == "=" else T.COMPARES
            token, used = replace(token, kind=kind, text=sign, end=found[at + 2].end), 3
        elif word == "is" and next_word in ("approximately", "about", "roughly", "around") and after:
            token, used = replace(token, kind=T.SAYS, text="≈", end=after.end), 2
        elif token.text in (",", "which") and (length := _which_is(found, at)):
            token, used = replace(token, kind=T.SAYS, text="is", end=found[at + length - 1].end), length
        elif word == "equal" and next_word == "to" and after:
            token, used = replace(token, kind=T.EQUALS, text="=", end=after.end), 2
        elif word in ("x", "X") and before and after and before.kind in (*_OPERANDS, T.WORD):
            if after.kind in _STARTERS and (before.end == token.start) == (token.end == after.start):
                token = replace(token, kind=T.SIGN, text="*")
        elif word in ("squared", "cubed") and before and before.kind in _OPERANDS:
            result.append(replace(token, kind=T.SIGN, text="^", end=token.start))
            token = replace(token, kind=T.NUMBER, value=Fraction(2 if word[0] == "s" else 3))
        elif word == "times" and (after is None or after.kind not in _STARTERS):
            pass
        elif word in _SHARES and next_word == "of" and not (before and before.end == token.start):
            token = replace(token, kind=T.NUMBER, text=word, value=_SHARES[word])
        elif word in _SPELLED and _calculates(before, after):
            token = replace(token, kind=T.NUMBER, value=Fraction(_SPELLED[word]))
        elif token.kind is T.WORD and _calculates(before, after) and (numeral := _chinese_numeral(token)):
            token = numeral
        elif word in _ENGLISH:
            token = replace(token, kind=_ENGLISH[word][0], text=_ENGLISH[word][1])
        elif token.kind is T.FACTORIAL and not _is_factorial(before, token, after):
            token = replace(token, kind=T.BREAK)
        elif text[token.start : token.end] == "*" and not _multiplies(text, before, after):
            at += used  # a star of Markdown
            continue
        result.append(token)
        at += used
    return result


_COMPARATIVES = {
    "greater": ">", "larger": ">", "bigger": ">", "more": ">", "higher": ">", "less": "<", "smaller": "<",
    "fewer": "<", "lower": "<", "equal": "=",
}  # fmt: skip


def _multiplies(text: str, before: Token | None, after: Token | None) -> bool:
    """Whether a star between these two tokens is a sign."""
    if before is None or after is None or before.kind not in (*_OPERANDS, T.WORD):
        return False
    # 8*-9, but not the closing star of *8* - 9.
    negative = after.kind is T.SIGN and after.text == "-" and text[before.start - 1 : before.start] != "*"
    return after.kind in _STARTERS or (negative and text[after.end : after.end + 1].isdigit())


_SAYING = ("is", "equals", "gives", "makes")


def _which_is(found: list[Token], at: int) -> int:
    """Length of ", which is" at this token; 0 where it does not stand there."""
    first = at + 1 if found[at].text == "," else at
    return first - at + 2 if _word(found, first) == "which" and _word(found, first + 1) in _SAYING else 0


def _without_comments(found: list[Token]) -> list[Token]:
    """The tokens without remarks in brackets that hold no number: 5 (free haircuts) + 3."""
    kept: list[Token] = []
    at = 0
    while at < len(found):
        end = at + 1
        if found[at].kind is T.OPEN and found[at].text == "(" and kept and kept[-1].kind in (T.NUMBER, T.WORD, T.CLOSE):
            while end < len(found) and end - at <= _LONGEST_COMMENT and _in_comment(found, end):
                end += 1
            words = any(token.kind is T.WORD and len(token.text) > 2 for token in found[at:end])
            calls = kept[-1].kind is T.WORD and kept[-1].end == found[at].start
            if words and not calls and end < len(found) and found[end].kind is T.CLOSE:
                at = end + 1
                continue
        kept.append(found[at])
        at += 1
    return kept


_NAMED = re.compile(r"\s*\{[^{}=\d]*(?:[A-Za-z]{2}|[\u3400-\u9fff])[^{}=]*\d[^{}=]*\}")
"""Braces around a name with a number in it, as in \\text{trees after 10 years}: no part of what is equal to it."""
_LONGEST_COMMENT = 12
_IN_COMMENTS = (T.WORD, T.BREAK)  # words that calculate are not told apart yet


def _in_comment(found: list[Token], at: int) -> bool:
    hyphen = found[at].text == "-" and _word(found, at - 1) and _word(found, at + 1)
    return found[at].kind in _IN_COMMENTS or bool(hyphen and found[at - 1].end + 1 == found[at + 1].start)


def _word(found: list[Token], at: int) -> str:
    return found[at].text.lower() if at < len(found) and found[at].kind is T.WORD else ""


def _calculates(before: Token | None, after: Token | None) -> bool:
    """Whether the neighbours of a spelled number make it part of a calculation."""
    kinds = (T.SIGN, T.EQUALS, T.SAYS)
    words = ("plus", "minus", "times", "equals", "multiplied", "divided")
    return any(
        token is not None and (token.kind in kinds or token.text.lower() in words) and token.text != "-"
        for token in (before, after)
    )


def _chinese_numeral(token: Token) -> Token | None:
    """三百二十五 as a number."""
    if token.text[0] not in "零一二两三四五六七八九十百":
        return None
    found = chinese_number(token.text)
    if found is None or found[1] != len(token.text) or found[0].endswith("%"):
        return None
    return replace(token, kind=T.NUMBER, value=Fraction(found[0]), text=found[0])


def _is_factorial(before: Token | None, token: Token, after: Token | None) -> bool:
    if before is None or before.kind not in (T.NUMBER, T.CLOSE) or before.end != token.start or after is None:
        return False
    return after.kind in (T.SIGN, T.EQUALS, T.CLOSE) and after.text != "-"
