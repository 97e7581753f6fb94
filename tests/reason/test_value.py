"""The final value of an answer."""

from __future__ import annotations

import pytest

from qwill.core import AnswerForm, Problem
from qwill.reason.value import final_value

NUMBER, CHOICE, TEXT = AnswerForm.NUMBER, AnswerForm.CHOICE, AnswerForm.TEXT


@pytest.mark.parametrize(
    ("form", "text", "value"),
    [
        (NUMBER, "There are 3.", "3"),
        (NUMBER, "9.9 is larger than 9.11, so: 9.9", "9.9"),
        (NUMBER, "37 × 24 = 888。", "888"),
        (NUMBER, "It is −1,234.5 in all", "-1234.5"),
        (NUMBER, "答案是 3/4。", "3/4"),
        (NUMBER, "version v2 only", None),
        (NUMBER, "none", None),
        (TEXT, "There are 3.", None),
        (TEXT, r"So \boxed{x^{2}+1}.", "x^{2}+1"),
        (NUMBER, r"So \boxed{4}, not 5.", "4"),
        (CHOICE, "The answer is (B).", "B"),
        (CHOICE, "答案是 b", "B"),
        (CHOICE, "I choose D.", None),
        (CHOICE, "Apples", None),
    ],
)
def test_final_value(form: AnswerForm, text: str, value: str | None) -> None:
    problem = Problem(text="?", form=form, choices=("x", "y", "z") if form is CHOICE else ())
    assert final_value(problem, text) == value
