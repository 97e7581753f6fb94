"""Thought and answer told apart in a stream, however it is cut into deltas."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwill.reason.tags import Splitter


def split(
    deltas: list[str], *, inside: bool, tags: tuple[str, str] = ("<think>\n", "\n</think>\n\n")
) -> tuple[str, str]:
    splitter = Splitter(*tags, inside=inside)
    pieces = [piece for delta in deltas for piece in splitter.push(delta, 1)] + splitter.flush()
    assert sum(piece.tokens for piece in pieces) == len(deltas)
    return (
        "".join(piece.text for piece in pieces if piece.thought),
        "".join(piece.text for piece in pieces if not piece.thought),
    )


@pytest.mark.parametrize(
    ("text", "inside", "thought", "answer"),
    [
        ("a b\n</think>\n\nyes it is\n", True, "a b", "yes it is"),
        ("<think>\na\n\nb</think>yes", False, "a\n\nb", "yes"),
        (" \n<think> a </think> yes", False, "a", "yes"),
        ("<think>a</think>yes", True, "a", "yes"),  # opens again what the prompt has opened
        ("plain answer", False, "", "plain answer"),
        ("</think>\n\nplain answer", False, "", "plain answer"),  # the template had opened it, unknown to the profile
        ("</think>yes", True, "", "yes"),
        ("a</think>\n</think>\nyes", True, "a", "yes"),
        ("a</think>yes\n</think>\n\nyes", True, "a", "yes\n\nyes"),
        ("a</think>yes</think>", True, "a", "yes"),
        ("a</think>\n<think>\nb</think>yes", True, "ab", "yes"),
        ('a</think>Write `</think>` to close, or "</think>".', True, "a", 'Write `</think>` to close, or "</think>".'),
        ("never closed\n", True, "never closed", ""),
        ("cut in the tag\n</thi", True, "cut in the tag", ""),
        ("1 < 2 and 3 <", True, "1 < 2 and 3 <", ""),
        ("a</think>is 1 <", True, "a", "is 1 <"),
        ("a <b> c </b></think>1 </ 2", True, "a <b> c </b>", "1 </ 2"),
        ("<thin ice", False, "", "<thin ice"),
        ("", True, "", ""),
        ("   \n", False, "", ""),
    ],
)
def test_however_the_text_is_cut(text: str, inside: bool, thought: str, answer: str) -> None:
    for size in range(1, len(text) + 2):
        deltas = [text[start : start + size] for start in range(0, len(text), size)]
        assert split(deltas, inside=inside) == (thought, answer), f"deltas of {size} characters"


def test_a_model_without_tags_writes_only_answer() -> None:
    assert split(["<think>", "a</think>", " b "], inside=False, tags=("", "")) == ("", "<think>a</think> b")


@given(st.lists(st.text("ab <>/\n`think", max_size=5), max_size=30), st.booleans())
def test_any_cut_gives_the_same_parts(deltas: list[str], inside: bool) -> None:
    assert (
        split(deltas, inside=inside) == split(["".join(deltas)] + [""] * (len(deltas) - 1), inside=inside) or not deltas
    )


@given(st.lists(st.text("ab <>/\n", max_size=4), max_size=20), st.lists(st.text("ab <>/\n", max_size=4), max_size=20))
def test_text_without_tags_comes_through_whole(thought: list[str], answer: list[str]) -> None:
    written = ("".join(thought).strip(), "".join(answer).strip())
    assert split([*thought, "</think>", *answer], inside=True) == written


def test_nothing_certain_is_held_back() -> None:
    splitter = Splitter("<think>", "</think>", inside=True)
    assert [piece.text for piece in splitter.push("so 3", 2)] == ["so 3"]
    assert splitter.push(" \n</", 2) == []
    assert splitter.held_tokens == 2
    assert [piece.text for piece in splitter.push("b>", 1)] == [" \n</b>"]
    assert splitter.held_tokens == 0


def test_a_token_counts_where_it_ends_and_a_tag_counts_as_thought() -> None:
    splitter = Splitter("<think>", "</think>", inside=True)
    pieces = [
        piece
        for text, tokens in (("a", 1), ("", 1), ("é", 1), ("\n</th", 1), ("ink>", 1), ("\n\n", 1), ("yes", 1))
        for piece in splitter.push(text, tokens)
    ]
    assert sum(piece.tokens for piece in pieces if piece.thought) == 6
    assert sum(piece.tokens for piece in pieces if not piece.thought) == 1


def test_a_delta_of_many_tokens_is_shared_by_length() -> None:
    splitter = Splitter("<think>", "</think>", inside=True)
    pieces = splitter.push("aaaa aaaa" + "</think>" + "b" * 17, 34)
    assert [(piece.thought, piece.tokens) for piece in pieces] == [(True, 17), (False, 17)]
