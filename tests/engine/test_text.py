"""Stop strings and half characters, whatever pieces the text comes in."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwill.engine.text import StopSearch, TextStream
from qwill.model.tokenizer import Tokenizer


def run(pieces: list[str], stops: list[str]) -> tuple[str, str | None]:
    search, text = StopSearch(stops), ""
    for piece in pieces:
        new, stop = search.push(piece)
        text += new
        if stop is not None:
            return text, stop
    return text + search.flush(), None


def by_hand(text: str, stops: list[str]) -> tuple[str, str | None]:
    """Character by character: the first end of a stop string wins, the longest of several."""
    for end in range(1, len(text) + 1):
        found = [stop for stop in stops if text[:end].endswith(stop)]
        if found:
            longest = max(found, key=len)
            return text[: end - len(longest)], longest
    return text, None


@pytest.mark.parametrize("text", ["say abab then", "aabaab", "x\n\nUser: y", "ab", "</think", "no stop at all"])
def test_every_way_to_cut_a_text(text: str) -> None:
    stops = ["abab", "\n\nUser:", "</think>", "baa"]
    want = by_hand(text, stops)
    for cuts in itertools.product([False, True], repeat=len(text) - 1):
        pieces, start = [], 0
        for position, cut in enumerate(cuts, 1):
            if cut:
                pieces.append(text[start:position])
                start = position
        assert run([*pieces, text[start:]], stops) == want


@given(st.lists(st.text("ab", max_size=4)), st.lists(st.text("ab", min_size=1, max_size=4), min_size=1, max_size=3))
def test_agrees_with_the_search_by_hand(pieces: list[str], stops: list[str]) -> None:
    assert run(pieces, stops) == by_hand("".join(pieces), stops)


@given(st.text("ab", max_size=12), st.lists(st.text("ab", min_size=1, max_size=4), min_size=1, max_size=3))
def test_holds_back_no_more_than_it_must(text: str, stops: list[str]) -> None:
    search, out = StopSearch(stops), ""
    for character in text:
        new, stop = search.push(character)
        out += new
        if stop is not None:
            return
    held = text[len(out) :]
    assert text.startswith(out)
    assert held == "" or any(stop.startswith(held) for stop in stops)
    assert not any(stop.startswith(text[n:]) for stop in stops for n in range(len(out)))


def test_characters_come_whole(tokenizer: Tokenizer) -> None:
    text = "🍓等一下🍋"
    stream, pieces = TextStream(tokenizer.streamer(), []), []
    for token in tokenizer.encode(text):
        piece, stop = stream.push(token)
        assert stop is None
        assert "\ufffd" not in piece
        pieces.append(piece)
    assert "".join(pieces) == text
    assert stream.flush() == ("", None)


def test_a_cut_character_and_held_back_text_come_out_at_the_end(tokenizer: Tokenizer) -> None:
    stream = TextStream(tokenizer.streamer(), ["check!"])
    tokens = tokenizer.encode("Wait, check🍋")
    text = "".join(stream.push(token)[0] for token in tokens[:-1])
    assert text == "Wait, "
    assert stream.flush()[0] == "check\ufffd"


def test_a_stop_string_in_a_cut_character() -> None:
    class Cut:
        def push(self, number: int) -> str:
            return ""

        def flush(self) -> str:
            return "\ufffd"

    assert TextStream(Cut(), ["\ufffd"]).flush() == ("", "\ufffd")
