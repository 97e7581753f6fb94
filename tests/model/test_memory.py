"""Memory foreseen: against a real load, and what is said where it is not enough."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from qwill.core import UsageError
from qwill.model import memory
from qwill.model.catalog import CATALOG, find
from qwill.model.config import PRESETS
from qwill.model.memory import check_memory, foresee, longest_context
from qwill.model.shape import Precision, Shape

QWQ = find("qwq").shape

LOAD = """
import json, sys
from dataclasses import replace
from pathlib import Path
import torch
from qwill.engine.packed import Held, Packed
from qwill.model.config import ModelConfig
from qwill.model.shape import Precision
from qwill.model.transformer import Transformer
def resident():
    line = next(l for l in Path("/proc/self/status").read_text().splitlines() if l.startswith("RssAnon:"))
    return int(line.split()[1]) * 1024
torch.set_num_threads(1)
def load(config):
    with torch.device("meta"):
        model = Transformer(config)
    weights = {name: torch.ones(tensor.shape, dtype=torch.bfloat16) for name, tensor in model.state_dict().items()}
    model.load_state_dict(weights, assign=True)
    del weights
    return Packed(Held(model, consume=True), precision=Precision(sys.argv[2]))
config = ModelConfig.from_json(json.loads(sys.argv[1]))
kept = load(replace(config, num_hidden_layers=1))  # what the kernels keep for themselves is there from now on
before = resident()
packed = load(config)
print(resident() - before)
"""


@pytest.mark.parametrize(("precision", "layers"), [(Precision.BF16, 4), (Precision.INT4, 2)])
def test_the_planner_agrees_with_a_real_load_of_a_slice_of_32b(precision: Precision, layers: int) -> None:
    """A few layers of 32B's proportions at a quarter of its width; the whole width is for bench/memory.py."""
    if not Path("/proc/self/status").exists():
        pytest.skip("the resident set is read from /proc")
    whole = PRESETS["qwq-32b-preview"]
    part = replace(
        whole,
        vocab_size=1024,
        hidden_size=1280,
        intermediate_size=6912,
        num_hidden_layers=layers,
        num_attention_heads=10,
        num_key_value_heads=2,
        max_position_embeddings=1024,
    )
    command = [sys.executable, "-c", LOAD, json.dumps(part.to_json()), precision]
    # The C library keeps freed pieces below 32 MB for itself. 32B's matrices are larger, these are not.
    environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "200000"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=200, env=environment)
    foreseen = foresee(Shape.of(part), precision, 1024, packed=True)
    assert int(done.stdout) == pytest.approx(foreseen.weights, rel=0.05)
    # A layer's weights do not depend on how many there are: the whole model is 64 such layers, each 16 times as large.
    tables = replace(Shape.of(part), layers=0).packed_bytes(precision)
    layer = (int(done.stdout) - tables) / layers * 16
    scaled = 64 * layer + replace(QWQ, layers=0).packed_bytes(precision)
    assert scaled == pytest.approx(foresee(QWQ, precision, 1024, packed=True).weights, rel=0.05)


PEAK = """
import sys
from pathlib import Path
import torch
from qwill.core import Sampling
from qwill.engine.native import NativeEngine
from qwill.engine.protocol import Request
def status(name):
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) * 1024
torch.set_num_threads(1)
before = status("VmRSS:")
engine = NativeEngine.load(sys.argv[1], sys.argv[2], slots=1, context=320)
for _ in engine.stream([Request(prompt="a" * 200, max_tokens=2, sampling=Sampling(temperature=0.0))]):
    pass
print(status("VmHWM:") - before)
"""


@pytest.mark.parametrize("precision", [Precision.BF16, Precision.INT8, Precision.INT4])
def test_loading_and_running_take_no_more_than_is_foreseen(precision: Precision, tmp_path: Path) -> None:
    """Of two layers at three eighths of 32B's width, where what is read for a moment counts for much."""
    if not Path("/proc/self/status").exists():
        pytest.skip("the resident set is read from /proc")
    import torch

    from qwill.model.checkpoint import save_model
    from qwill.model.tokenizer import train_bpe
    from qwill.model.transformer import Transformer

    part = replace(
        PRESETS["qwq-32b-preview"],
        vocab_size=512,
        hidden_size=1920,
        intermediate_size=10368,
        num_hidden_layers=2,
        num_attention_heads=15,
        num_key_value_heads=3,
        max_position_embeddings=1024,
        bos_token_id=None,
        eos_token_id=None,
    )
    with torch.device("meta"):
        model = Transformer(part)
    weights = {name: torch.zeros(tensor.shape, dtype=torch.bfloat16) for name, tensor in model.state_dict().items()}
    model.load_state_dict(weights, assign=True)
    save_model(model, tmp_path)
    train_bpe(["a b"], vocab_size=263).save(tmp_path)
    command = [sys.executable, "-c", PEAK, str(tmp_path), precision]
    environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "200000"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=200, env=environment)
    foreseen = foresee(Shape.of(part), precision, 320, 1024, packed=True).total
    assert 0.8 * foreseen < int(done.stdout) < 1.05 * foreseen


def test_constants_are_those_of_the_engine() -> None:
    from qwill.engine.kv import BLOCK, BlockPool, Stage
    from qwill.engine.scheduler import READ_TOKENS

    assert (memory.BLOCK, memory.READ_TOKENS) == (BLOCK, READ_TOKENS)
    import torch

    pool = BlockPool([Stage(torch.device("cpu"), range(3))], 2, 16, torch.bfloat16)
    assert pool.bytes_per_token == Shape(10, 64, 64, 3, 4, 2, 16, tied=True).kv_bytes_per_token()


def test_keys_and_values_follow_the_context() -> None:
    short, long = (foresee(QWQ, Precision.BF16, tokens) for tokens in (8192, 32768))
    assert long.cache - short.cache == 24576 * 262144
    assert foresee(QWQ, Precision.FP32, 8192).cache == 2 * short.cache
    assert short.weights == QWQ.weight_bytes(Precision.BF16)


def test_our_int4_takes_5_bits_and_an_int8_table() -> None:
    need = foresee(QWQ, Precision.INT4, 2048, packed=True)
    table = QWQ.vocabulary * QWQ.width
    assert need.weights == pytest.approx((QWQ.parameters - table) * 5 / 8 + table, rel=0.001)
    tied = find("qwen2.5-0.5b").shape
    assert foresee(tied, Precision.INT8, 2048, packed=True).weights == pytest.approx(tied.parameters, rel=0.01)


def test_qwq_fits_one_card_of_24_gb_at_int4_only() -> None:
    card = 24 << 30
    fits = [longest_context(QWQ, precision, card, 32768) for precision in Precision]
    assert fits[:3] == [0, 0, 0]
    assert 12_000 < fits[3] < 20_000


@pytest.mark.parametrize("entry", CATALOG, ids=lambda entry: entry.name)
def test_the_longest_context_fits_and_the_next_block_does_not(entry: object) -> None:
    shape, most = entry.shape, entry.most_context  # type: ignore[attr-defined]
    for free in (2 << 30, 16 << 30, 80 << 30):
        tokens = longest_context(shape, Precision.INT8, free, most)
        assert tokens == 0 or foresee(shape, Precision.INT8, tokens, most).total <= 0.95 * free
        if tokens < most:
            assert foresee(shape, Precision.INT8, min(tokens + 64, most), most).total > 0.95 * free


def test_what_does_not_fit_is_refused_with_what_would(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free_memory", lambda device: 24 << 30)
    with pytest.raises(UsageError) as caught:
        check_memory(QWQ, Precision.BF16, name="QwQ-32B", most=32768, context=8192)
    said = str(caught.value)
    assert "65.5 GB of weights" in said
    assert "25.8 GB is free" in said
    assert "int4" in said
    assert "int8" not in said
    assert "fp16 takes as much as bf16" in said


def test_a_context_that_is_too_long_is_refused_with_the_one_that_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free_memory", lambda device: 24 << 30)
    fits = longest_context(QWQ, Precision.INT4, 24 << 30, 32768, packed=True)
    with pytest.raises(UsageError, match=f"a context of {fits:,} tokens at int4"):
        check_memory(QWQ, Precision.INT4, name="QwQ-32B", most=32768, context=32768)
    assert check_memory(QWQ, Precision.INT4, name="QwQ-32B", most=32768) == fits
    assert check_memory(QWQ, Precision.INT4, name="QwQ-32B", most=32768, context=4096) == 4096


def test_where_nothing_fits_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free_memory", lambda device: 4 << 30)
    with pytest.raises(UsageError, match="use a smaller model"):
        check_memory(QWQ, Precision.INT8, name="QwQ-32B", most=32768)


def test_loading_is_refused_before_any_weight_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from qwill.model.checkpoint import Parts
    from qwill.model.transformer import Transformer

    config = PRESETS["qwill-nano"]
    with torch.device("meta"):
        names = {name: tensor.shape for name, tensor in Transformer(config).state_dict().items()}

    class Unread:
        def __init__(self, shape: object) -> None:
            self.shape = shape

        def read_into(self, target: object) -> None:
            pytest.fail("a weight was read")

    stored = {name: Unread(tuple(shape)) for name, shape in names.items()}
    monkeypatch.setattr(memory, "free_memory", lambda device: 1 << 20)
    with pytest.raises(UsageError, match="does not fit"):
        Parts(config, stored, Path("nano")).whole(torch.float32, "cpu")  # type: ignore[arg-type]


def test_where_free_memory_is_unknown_nothing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free_memory", lambda device: None)
    assert check_memory(QWQ, Precision.FP32, name="QwQ-32B", most=32768) == 32768


def test_a_container_has_what_its_group_allows(tmp_path: Path) -> None:
    group, outer = tmp_path / "pod" / "box", tmp_path / "pod"
    group.mkdir(parents=True)
    membership = tmp_path / "membership"
    membership.write_text("0::/pod/box\n")
    _group(group, "max", 100, 0)
    assert memory._group_free(tmp_path, membership) is None
    _group(outer, 1_000_000, 300_000, 50_000)
    assert memory._group_free(tmp_path, membership) == 750_000
    _group(group, 200_000, 190_000, 0)
    assert memory._group_free(tmp_path, membership) == 10_000


def test_control_groups_of_version_1(tmp_path: Path) -> None:
    (tmp_path / "memory" / "box").mkdir(parents=True)
    membership = tmp_path / "membership"
    membership.write_text("5:cpu,cpuacct:/\n4:memory:/elsewhere/box\n0::/\n")
    (tmp_path / "memory" / "memory.limit_in_bytes").write_text("500000\n")
    (tmp_path / "memory" / "memory.usage_in_bytes").write_text("400000\n")
    (tmp_path / "memory" / "memory.stat").write_text("inactive_file 7\ntotal_inactive_file 100000\n")
    assert memory._group_free(tmp_path, membership) == 200_000


def test_this_machine_has_some_memory() -> None:
    free = memory.free_memory()
    assert free is None or 50_000_000 < free < 1 << 50


def _group(folder: Path, limit: object, used: int, cache: int) -> None:
    (folder / "memory.max").write_text(f"{limit}\n")
    (folder / "memory.current").write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"anon 1\ninactive_file {cache}\n")
