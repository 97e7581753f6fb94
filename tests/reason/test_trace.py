"""Thoughts as typed steps without gaps."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwill.core import StepKind
from qwill.reason.trace import to_trace

PLAN, ASSUME, DRAFT = StepKind.PLAN, StepKind.ASSUME, StepKind.DRAFT
QUESTION, CHECK, REFINE, CONCLUDE = StepKind.QUESTION, StepKind.CHECK, StepKind.REFINE, StepKind.CONCLUDE


@pytest.mark.parametrize(
    ("thought", "kinds"),
    [
        ("First, I need the sum. Try 3 + 4 = 8. Wait, that is 7. Check: 7 - 4 = 3. So the answer is 7.",
         [PLAN, DRAFT, QUESTION, CHECK, CONCLUDE]),
        ("首先看题。试 3+4=8。等一下，不对。重新算：7。验算：7-4=3。所以答案是 7。",
         [PLAN, DRAFT, QUESTION, QUESTION, REFINE, CHECK, CONCLUDE]),
        ("首先看題。試 3+4=8。等一下。驗算：7-4=3。所以答案是 7。", [PLAN, DRAFT, QUESTION, CHECK, CONCLUDE]),
        ("Suppose A is a knight.\nThen B lies.\nHence A is a knave.", [ASSUME, DRAFT, CONCLUDE]),
        ("3+4=8 wait\n3+4=7\nso 7", [DRAFT, QUESTION, CONCLUDE]),
        ("1. s\n2. t\n3. r", [DRAFT]),
        ("Let me check this.\n\n3 + 4 = 7", [CHECK, DRAFT]),
        ("Let me see.\n\n3 + 4 = 7. Is that right?", [PLAN, DRAFT, QUESTION]),
        ("I am waiting. The checkers board is set. Also 5.", [DRAFT]),
        ("", []),
        ("  \n ", [DRAFT]),
    ],
)  # fmt: skip
def test_kinds_of_steps(thought: str, kinds: list[StepKind]) -> None:
    assert [step.kind for step in to_trace(thought, []).steps] == kinds


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["wait", " check", "So", "。", "等一下", "驗算", ".", " ", "\n\n", "12", "try", "a", "𠀀"]),
            st.integers(0, 3),
        ),
        max_size=40,
    )
)
@settings(deadline=None)
def test_steps_follow_each_other_and_their_tokens_add_up(written: list[tuple[str, int]]) -> None:
    thought, tokens, marks = "", 0, []
    for text, count in written:
        thought, tokens = thought + text, tokens + count
        marks.append((len(thought), tokens))
    trace = to_trace(thought, marks)
    assert "".join(step.text for step in trace.steps) == thought == trace.text
    assert sum(step.tokens for step in trace.steps) == (tokens if thought else 0)
    position = 0
    for step in trace.steps:
        assert step.span[0] == position
        assert thought[slice(*step.span)] == step.text
        position = step.span[1]


def test_tokens_of_a_step_are_those_that_came_in_it() -> None:
    thought = "Try 8. So 7."
    steps = to_trace(thought, [(3, 1), (6, 4), (9, 5), (12, 7)]).steps
    assert [(step.kind, step.tokens) for step in steps] == [(DRAFT, 4), (CONCLUDE, 3)]
