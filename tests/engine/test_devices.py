"""Layers on one device or several: everything that computes with a layer is where the layer is.

Tried on torch's "meta" device, which holds no numbers but refuses to mix with the CPU's, as accelerators do; and with
two stages on the CPU, where what is written must not change.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tiny_model import TINY, lively, varied

from qwill.core import UsageError
from qwill.engine import packed
from qwill.engine.attention import Reading, Segment, Writing, across
from qwill.engine.kv import BlockPool, Stage
from qwill.engine.native import NativeEngine
from qwill.engine.packed import Held, Packed
from qwill.engine.profiles import NANO
from qwill.engine.protocol import Request
from qwill.model import memory, placement
from qwill.model.catalog import find
from qwill.model.checkpoint import save_model
from qwill.model.placement import Share, place_model, places
from qwill.model.shape import Precision, Shape
from qwill.model.tokenizer import Tokenizer
from qwill.model.transformer import Transformer

CPU, META = torch.device("cpu"), torch.device("meta")
QWQ = find("qwq").shape


@pytest.fixture(params=["whole", "spread"])
def elsewhere(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Packed:
    """A model on the meta device, or with its first layer on the CPU."""
    monkeypatch.setattr(packed, "stable_rows", lambda _: 2)  # compares numbers, and there are none
    stages = [Stage(META, range(3))] if request.param == "whole" else [Stage(CPU, range(1)), Stage(META, range(1, 3))]
    return Packed(Held(Transformer(varied())), stages=stages)


def pool_of(model: Packed) -> BlockPool:
    return BlockPool(model.stages, model.groups, model.width, model.dtype)


@torch.inference_mode()
def test_reading_a_prompt_stays_on_the_device(elsewhere: Packed) -> None:
    pool = pool_of(elsewhere)
    blocks = pool.allocate(10)
    for start, length in ((0, 512), (512, 30)):
        readings = [Reading(part, [Segment(blocks, start, length)], elsewhere.rows(length)) for part in pool.parts]
        tokens = torch.zeros(elsewhere.rows(length), dtype=torch.long, device=elsewhere.device)
        hidden = elsewhere.hidden(tokens, readings[0].positions, across(readings))
        assert (hidden.device.type, hidden.shape) == ("meta", (elsewhere.rows(length), 48))


@torch.inference_mode()
def test_writing_stays_on_the_device(elsewhere: Packed) -> None:
    pool = pool_of(elsewhere)
    prompt = pool.allocate(2)
    tables = [[*prompt, *pool.allocate(1)] for _ in range(3)]
    writings = [Writing(part, tables, [(2, [0, 1, 2])], elsewhere.units, 4) for part in pool.parts]
    here = torch.zeros(4, dtype=torch.long, device=elsewhere.device)
    for writing in writings:
        writing.place(here)
    logits = elsewhere.logits(elsewhere.hidden(here, here, across(writings)))
    assert (logits.device.type, logits.shape) == ("meta", (4, 300))


@pytest.fixture
def folder(tmp_path: Path, endless: Tokenizer) -> Path:
    save_model(lively(TINY), tmp_path)
    endless.save(tmp_path)
    return tmp_path


@pytest.mark.parametrize("precision", ["fp32", "bf16", "int8"])
def test_two_stages_write_what_one_writes(folder: Path, precision: str) -> None:
    requests = [Request(prompt="How many r in " * count, max_tokens=70, id=str(count)) for count in (1, 3, 9, 60)]
    requests = [replace(request, sampling=replace(request.sampling, seed=3), logprobs=2) for request in requests]
    written = []
    for device in ("cpu", "cpu=1+cpu", "cpu=1+cpu=1+cpu"):
        engine = NativeEngine.load(folder, precision, device=device, profile=NANO)
        assert len(engine._packed.stages) == device.count("+") + 1
        found: dict[str, list[object]] = {request.id: [] for request in requests}
        for delta in engine.stream(requests):
            assert not delta.error
            found[delta.request].extend(delta.tokens)
        written.append(found)
    assert written[0] == written[1] == written[2]


def test_places_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placement, "devices", lambda: ["cpu", "cuda:0", "cuda:1"])
    assert places("cuda:1, cpu") == ((Share("cuda:1"),), (Share("cpu"),))
    assert places("cuda") == ((Share("cuda:0"),),)
    assert places("cuda:0=20 + cpu") == ((Share("cuda:0", 20), Share("cpu")),)
    assert places("all") == ((Share("cuda:0"),), (Share("cuda:1"),))
    assert places("auto") == ((),)
    with pytest.raises(UsageError, match="no device 'mps'"):
        places("mps")
    for nonsense in ("", "gpu", "cuda:0=0+cpu", "cuda:0=x", "cpu++cpu", "cuda:a"):
        with pytest.raises(UsageError, match="names no device"):
            places(nonsense)
    monkeypatch.setattr(placement, "devices", lambda: ["cpu"])
    assert places("all") == ((Share("cpu"),),)


def free(monkeypatch: pytest.MonkeyPatch, **gigabytes: int) -> None:
    """A machine with so much memory free."""
    sizes = {name.replace("_", ":"): size << 30 for name, size in gigabytes.items()}
    for module in (memory, placement):
        monkeypatch.setattr(module, "devices", lambda: list(sizes))
        monkeypatch.setattr(module, "free_memory", lambda device="cpu": sizes[device])


def test_a_model_goes_whole_where_it_fits_and_is_spread_where_it_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    def place(wish: str, precision: Precision, context: int | None = None) -> tuple[tuple[tuple[str, int], ...], int]:
        return place_model(QWQ, precision, places(wish)[0], name="QwQ", most=32768, context=context)

    free(monkeypatch, cpu=60, cuda_0=24, cuda_1=24)
    found, tokens = place("auto", Precision.INT4)
    assert found == (("cuda:0", 64),)
    assert 8192 < tokens < 32768
    spread, _ = place("auto", Precision.BF16, 4096)
    assert [device for device, _ in spread] == ["cuda:0", "cuda:1", "cpu"]
    counts = [count for _, count in spread]
    assert sum(counts) == 64
    assert 18 <= counts[0] <= counts[1] <= 26
    alike, most = place("cuda:0+cuda:1", Precision.INT8)
    assert abs(alike[0][1] - alike[1][1]) <= 6
    assert most == 32768
    assert place("cuda:0=10+cpu", Precision.INT4, 4096) == ((("cuda:0", 10), ("cpu", 54)), 4096)
    with pytest.raises(UsageError, match=r"does not fit on cuda:0 \+ cuda:1") as caught:
        place("cuda:0+cuda:1", Precision.BF16)
    assert "int8" in str(caught.value)
    with pytest.raises(UsageError, match="has 64 layers"):
        place("cuda:0=10+cpu=50", Precision.INT4)
    with pytest.raises(UsageError, match="has 64 layers"):
        place("cuda:0=60+cpu=50", Precision.INT4)
    with pytest.raises(UsageError, match="does not fit"):
        place("cuda:0=60+cpu", Precision.BF16)
    free(monkeypatch, cpu=4, cuda_0=20, cuda_1=20)
    _, tokens = place("cuda:0+cuda:1", Precision.INT8)
    assert tokens in (4096, 8192, 16384)


def test_without_an_accelerator_auto_is_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    free(monkeypatch, cpu=60)
    found, tokens = place_model(QWQ, Precision.INT4, places("auto")[0], name="QwQ", most=32768)
    assert (found, tokens) == ((("cpu", 64),), 32768)
    assert Shape.of(TINY).layers == 3
