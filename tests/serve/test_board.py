"""The board of a chain's run on the page: its graph, its steps as they grow, what came of them."""

from qwill.chain import Done, Piece, Said, parse_chain
from qwill.serve.page.board import Board
from qwill.serve.page.words import WORDS

CHAIN = parse_chain(
    "inputs: {q: null}\nmodels: {m: A}\nsteps:\n  - {id: one, model: m, prompt: '{{ q }}'}\n"
    "  - {id: two, model: m, when: one.text, prompt: '{{ one }}'}\n",
    "test",
)


def test_a_step_is_shown_while_it_is_written_and_once_it_is_done() -> None:
    board, words = Board(CHAIN, {"m": "A"}), WORDS["en"]
    assert "qw-run" not in board.html(words)
    board.watch(Piece("one"))
    board.watch(Piece("one", "hm <b>", thought=True))
    board.watch(Piece("one", "Tea & "))
    board.watch(Piece("one", "more"))
    shown = board.html(words)
    assert "qw-running" in shown
    assert 'stroke-width="3"' in shown
    assert "hm &lt;b&gt;" in shown
    assert "Tea &amp; more" in shown
    steps = [
        Done("one", Said("Tea & more", thinking_tokens=2, answer_tokens=5), kept=1, seconds=1.5),
        Done("two", None),
    ]
    assert list(board.noted(steps)) == steps
    board.final = "<i>"
    shown = board.html(words)
    assert "one · A · 7 tokens · 1.5 s · 1 kept from before" in shown
    assert "two · A · left out" in shown
    assert "qw-running" not in shown
    assert '<pre class="qw-final">&lt;i&gt;</pre>' in shown


def test_a_failure_is_named() -> None:
    board = Board(CHAIN, {"m": "A"}, failure="step one: gone")
    assert "step one: gone" in board.html(WORDS["zh-CN"])
