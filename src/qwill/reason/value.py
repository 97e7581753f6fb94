"""The final value of an answer in a form that can be compared."""

from __future__ import annotations

import re

from qwill.core import AnswerForm, Problem

_BOXED = re.compile(r"\\boxed\{((?:[^{}]|\{[^{}]*\})*)\}")
_NUMBER = re.compile(r"(?<![\w.])[-−]?\d+(?:,\d{3})*(?:\.\d+)?(?:/\d+)?(?![\w])")
_LETTER = re.compile(r"(?<![A-Za-z])([A-Ja-j])(?![A-Za-z])")


def final_value(problem: Problem, text: str) -> str | None:
    """The value an answer comes to, or None where the form has no value or the text holds none.

    A boxed value counts before all others; else the last number of a number's answer, the last label of a choice.
    """
    if boxed := _BOXED.findall(text):
        return str(boxed[-1]).strip() or None
    if problem.form is AnswerForm.NUMBER and (numbers := _NUMBER.findall(text)):
        return str(numbers[-1]).replace(",", "").replace("−", "-")
    if problem.form is AnswerForm.CHOICE:
        labels = [label.upper() for label in _LETTER.findall(text)]
        return next((label for label in reversed(labels) if ord(label) - ord("A") < len(problem.choices)), None)
    return None
