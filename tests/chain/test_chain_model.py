"""A chain as a model, constrained JSON, effort, stopping, and many chains in one runner."""

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "reason"))

from scripted import Script, ScriptedEngine, script

import qwill
from qwill.chain import ChainEngine, ChainError, Runner, parse_chain
from qwill.core import Outcome, UsageError
from qwill.engine.address import is_chain
from qwill.engine.profiles import PLAIN
from qwill.engine.protocol import Capabilities, Engine, Finish, Message, Request

TWO = """
inputs: {topic: null, tone: dry}
models: {big: null, small: B}
steps:
  - {id: ideas, model: big, prompt: "Ideas on {{ topic }}, {{ tone }}"}
  - {id: best, model: small, prompt: "Pick: {{ ideas }}"}
"""
JSON = "models: {m: A}\nsteps:\n  - {id: data, model: m, schema: {type: object, required: [n]}, prompt: Count.}\n"


def engine(*texts: str, **more: Any) -> ScriptedEngine:
    return ScriptedEngine([script(text) for text in texts], profile=PLAIN, **more)


def opened(**engines: Engine) -> Callable[[str], Engine]:
    return lambda name: engines[name]


@pytest.fixture
def chain_file(tmp_path: Path) -> str:
    (tmp_path / "two.yaml").write_text(TWO)
    return str(tmp_path / "two.yaml")


def test_a_chain_answers_as_a_model(chain_file: str) -> None:
    big, small = engine("green, black", name="A"), engine("Green it is.", name="B")
    model = ChainEngine.open(f"chain:{chain_file}?big=A&tone=wild", opened(A=big, B=small))
    answer = qwill.ask("tea", engine=model)
    assert answer.text == "Green it is."
    assert "## ideas\ngreen, black" in answer.thought
    assert big.requests[0].messages[-1].content == "Ideas on tea, wild"
    assert answer.stopped_because is Outcome.COMPLETE
    assert (answer.usage.thinking_tokens, answer.usage.answer_tokens) == (3, 4)
    model.close()
    assert big.closed
    assert small.closed
    assert is_chain("chain:x")
    assert not is_chain("http://x/v1#y")


@pytest.mark.parametrize(
    ("settings", "message"),
    [("?big=A&colour=red", "has no colour"), ("?tone=x", "needs a model for big"), ("?big=A&topic=x", "no input open")],
)
def test_a_chain_that_cannot_be_a_model_says_why(chain_file: str, settings: str, message: str) -> None:
    with pytest.raises(ChainError, match=message):
        ChainEngine.open(f"chain:{chain_file}{settings}", opened(A=engine("x"), B=engine("x")))
    with pytest.raises(ChainError, match="looks things up"):
        ChainEngine.open("chain:literature_digest?reader=A&writer=A", opened(A=engine("x")))


def test_what_a_chain_cannot_do_is_refused_and_what_fails_is_told(chain_file: str) -> None:
    broken = ScriptedEngine([Script([], Finish.ERROR, "gone")], profile=PLAIN, name="B")
    model = ChainEngine.open(f"chain:{chain_file}?big=A", opened(A=engine("x"), B=broken))
    question = (Message("user", "tea"),)
    with pytest.raises(UsageError, match="is a chain"):
        model.stream([Request(question, grammar="root ::= x")])
    *_, last = list(model.stream([Request(question)]))
    assert last.finish is Finish.ERROR
    assert "step best" in last.error
    stream = model.stream([Request(question)])
    stream.cancel("0")
    assert [delta.finish for delta in stream] == [Finish.CANCELLED]


def test_stop_strings_and_limits_cut_the_answer(chain_file: str) -> None:
    model = ChainEngine.open(
        f"chain:{chain_file}?big=A", opened(A=engine("x"), B=engine("one two three four STOP five"))
    )
    question = (Message("user", "tea"),)
    text = "".join(delta.text for delta in model.stream([Request(question, stop=("STOP",))]))
    assert text == "one two three four "
    *_, last = list(model.stream([Request(question, max_tokens=3)]))
    assert last.finish is Finish.LENGTH
    assert len(last.text) < len("one two three four")


@dataclass
class Held(ScriptedEngine):
    """A scripted engine that says it keeps to schemas."""

    @property
    def capabilities(self) -> Capabilities:
        return replace(super().capabilities, json_schema=True)


def test_an_engine_that_can_is_held_to_the_schema() -> None:
    model = Held([script('{"n": 1}')], profile=PLAIN, name="A")
    (done,) = Runner(opened(A=model)).run(parse_chain(JSON, "test"), {})
    assert model.requests[0].json_schema == {"type": "object", "required": ["n"]}
    assert done.result.json == {"n": 1}  # type: ignore[union-attr]
    assert done.result.answer_tokens > 0  # type: ignore[union-attr]
    refused = Held(
        [Script([], raises=UsageError("cannot be followed", "")), script('{"n": 2}')], profile=PLAIN, name="A"
    )
    (done,) = Runner(opened(A=refused)).run(parse_chain(JSON, "test"), {})
    assert done.result.json == {"n": 2}  # type: ignore[union-attr]
    assert refused.requests[1].json_schema is None
    thinking = Held([script('hm\n</think>\n\n{"n": 3}')], name="A")
    (done,) = Runner(opened(A=thinking)).run(parse_chain(JSON, "test"), {})
    assert done.result.json == {"n": 3}  # type: ignore[union-attr]
    assert thinking.requests[0].json_schema is None


def test_effort_reaches_the_model_and_an_unknown_one_is_refused() -> None:
    text = "models: {m: A}\nsteps:\n  - {id: a, model: m, effort: none, prompt: Hi}\n"
    model = ScriptedEngine([script("hm</think>x"), script("Hello")], name="A")
    (done,) = Runner(opened(A=model)).run(parse_chain(text, "test"), {})
    assert done.result.thinking_tokens == 0  # type: ignore[union-attr]
    with pytest.raises(ChainError, match="no effort 'huge'"):
        parse_chain(text.replace("none", "huge"), "test")


def test_a_stopped_chain_keeps_what_was_done(tmp_path: Path, chain_file: str) -> None:
    cache = tmp_path / "kept.jsonl"
    stop: list[bool] = []
    small = engine("a b c d e f", name="B", on_token=lambda number: stop.append(True))
    chain = parse_chain(TWO, "test")
    with pytest.raises(ChainError, match="stopped"):
        list(Runner(opened(A=engine("x", name="A"), B=small), cache).run(
            chain, {"topic": "t"}, {"big": "A"}, stopped=lambda: bool(stop)
        ))  # fmt: skip
    again = Runner(opened(A=engine("never", name="A"), B=engine("done", name="B")), cache)
    steps = list(again.run(chain, {"topic": "t"}, {"big": "A"}))
    assert [step.kept for step in steps] == [1, 0]


def test_many_chains_share_a_runner() -> None:
    big, small, asked = engine("x", name="A"), engine("y", name="B"), list[str]()

    def once(name: str) -> Engine:
        asked.append(name)
        return {"A": big, "B": small}[name]

    runner, chain = Runner(once), parse_chain(TWO, "test")
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda n: list(runner.run(chain, {"topic": str(n)}, {"big": "A"})), range(8)))
    assert sorted(asked) == ["A", "B"]
    assert {str(steps[-1].result) for steps in done} == {"y"}
    assert len(big.requests) == 8
