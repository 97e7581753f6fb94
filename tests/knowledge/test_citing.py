"""Citations put where a model gives none: behind what a passage says, nowhere else, and the same however text comes."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwill.core import Status
from qwill.documents import Place
from qwill.knowledge import Citing, Found, check_citations
from qwill.knowledge.citations import numbers
from qwill.knowledge.citing import with_citations


def found(text: str) -> Found:
    return Found(text, "a.md", "A", (), Place("line", 3, 4), 1.0, 1.0)


PASSAGES = [
    found("The tower at Harrow Point is 43 metres high and has 211 steps."),
    found("青岚云尖只采一芽一叶，每年从三月二十一日开始采摘，炒青锅温控制在二百三十度。"),
    found("The Grey Wren carries 120 passengers; tickets cost 18.40 crowns, boats leave at 07:50."),
]


@pytest.mark.parametrize(
    ("answer", "cited"),
    [
        ("The tower has 211 steps.", "The tower has 211 steps. [1]"),
        ("The tower has 211 steps. It is 43 metres high.", "The tower has 211 steps. [1] It is 43 metres high. [1]"),
        ("锅温控制在230度。每年从三月二十一日开始采摘。", "锅温控制在230度。 [2]每年从三月二十一日开始采摘。 [2]"),
        ("The tower has 211 steps [1].", "The tower has 211 steps [1]."),
        ("The tower has 211 steps. [1] Boats leave at 7:50.", "The tower has 211 steps. [1] Boats leave at 7:50. [3]"),
        ("The tower has 2 steps.", "The tower has 2 steps."),
        ("Whales sing loudly in winter.", "Whales sing loudly in winter."),
        ("The passages do not mention the tower.", "The passages do not mention the tower."),
        ("- 43 metres high\n- 211 steps\n", "- 43 metres high [1]\n- 211 steps [1]\n"),
        ('{"steps": 211}', '{"steps": 211}'),
        ('[\n  "211 steps"\n]', '[\n  "211 steps"\n]'),
        ("```\nsteps = 211.\n```\n211 steps.", "```\nsteps = 211.\n```\n211 steps. [1]"),
        ("| tower | 211 steps |\n", "| tower | 211 steps |\n"),
        ("So \\boxed{211} steps.", "So \\boxed{211} steps."),
        ("Tickets cost 18.4 crowns!", "Tickets cost 18.4 crowns! [3]"),
        ("", ""),
    ],
)  # fmt: skip
def test_what_a_passage_says_is_cited(answer: str, cited: str) -> None:
    assert with_citations(answer, PASSAGES) == cited
    assert {check.verdict.status for check in check_citations(cited, PASSAGES)} <= {Status.VERIFIED}


PIECES = st.sampled_from(
    [
        "The tower has 211 steps",
        ". ",
        "。",
        "\n",
        " [1]",
        "43 metres high",
        "!",
        " ",
        "```",
        "青岚云尖",
        "Mr",
        ".",
        "[",
        "”",
    ]
)


@settings(deadline=None, max_examples=200)
@given(st.lists(PIECES, max_size=12), st.randoms(use_true_random=False))
def test_it_does_not_matter_in_which_pieces_an_answer_comes(parts: list[str], random: object) -> None:
    answer, citing, out, at = "".join(parts), Citing(PASSAGES), "", 0
    while at < len(answer):
        size = random.randint(1, 7)  # type: ignore[attr-defined]
        out += citing.push(answer[at : at + size])
        at += size
    out += citing.flush()
    assert out == with_citations(answer, PASSAGES)
    put = re.sub(r" \[\d\]", "", out)
    assert put == re.sub(r" \[\d\]", "", answer)
    for place, _ in citing.put:
        assert out[citing.moved(place)] == " "


def test_places_move_with_what_is_put_in() -> None:
    citing = Citing(PASSAGES)
    text = "The tower has 211 steps. It is 43 metres high. Fine"
    out = citing.push(text) + citing.flush()
    start = text.index("43")
    assert out[citing.moved(start) :].startswith("43 metres")
    assert citing.cut_back(start) == start + len(" [1]")
    assert citing.cut_back(len("The tower has 211 steps.")) == len("The tower has 211 steps.")
    citing.skip("44")
    assert citing.push(" feet. x") == " feet."


def test_numbers_are_the_same_however_they_are_written() -> None:
    assert numbers("07:50, 88,000 and 18.40") == {"7", "50", "88000", "18.4"}
    assert {"230", "1863", "2.8", "8", "40"} <= numbers("二百三十度，一八六三年，二点八公斤，八点四十分")
    assert "2" not in numbers("211 and 12")
