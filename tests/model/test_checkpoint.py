"""Checkpoints: transformers reads ours and we read its; every damaged one gets one clear message."""

from __future__ import annotations

import errno
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer, Qwen2Config, Qwen2ForCausalLM

from qwill.core import CheckpointError
from qwill.model import checkpoint, files
from qwill.model.checkpoint import load_model, save_model
from qwill.model.config import ModelConfig
from qwill.model.tokenizer import Tokenizer, train_bpe
from qwill.model.transformer import Transformer

CONFIG = ModelConfig(
    vocab_size=400,
    hidden_size=64,
    intermediate_size=160,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    max_position_embeddings=128,
    eos_token_id=397,
    pad_token_id=395,
)
TIED = ModelConfig.from_json({**CONFIG.to_json(), "tie_word_embeddings": True, "eos_token_id": [397, 395]})
TOKENS = torch.arange(60).view(2, 30)


def fresh(config: ModelConfig = CONFIG, seed: int = 0) -> Transformer:
    torch.manual_seed(seed)
    return Transformer(config).eval()


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_model(fresh(), tmp_path)
    return tmp_path


@pytest.fixture
def sharded(tmp_path: Path) -> Path:
    save_model(fresh(), tmp_path, shard_bytes=60_000)
    return tmp_path


@pytest.mark.parametrize("config", [CONFIG, TIED], ids=["untied", "tied"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("shard_bytes", [10**9, 60_000])
@torch.inference_mode()
def test_transformers_loads_what_we_write(
    tmp_path: Path, config: ModelConfig, dtype: torch.dtype, shard_bytes: int
) -> None:
    model = fresh(config)
    save_model(model, tmp_path, dtype=dtype, shard_bytes=shard_bytes)
    assert ("model.safetensors" in names(tmp_path)) == (shard_bytes == 10**9)
    theirs, report = AutoModelForCausalLM.from_pretrained(tmp_path, output_loading_info=True)
    assert not any(report.values())
    assert theirs.dtype == dtype
    assert theirs.generation_config.eos_token_id == theirs.config.eos_token_id
    ours = load_model(tmp_path)
    assert ours.config == config
    torch.testing.assert_close(ours(TOKENS), theirs.float()(TOKENS).logits, rtol=0, atol=1e-5)
    for name, tensor in model.state_dict().items():
        assert torch.equal(ours.state_dict()[name], tensor.to(dtype).float())


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("shard_size", ["5GB", "60KB"])
@torch.inference_mode()
def test_we_load_what_transformers_writes(tmp_path: Path, tied: bool, shard_size: str) -> None:
    torch.manual_seed(0)
    scaling = {"rope_type": "yarn", "factor": 2.0, "original_max_position_embeddings": 64, "rope_theta": 1e6}
    fields = {**CONFIG.to_json(), "rope_scaling": scaling, "tie_word_embeddings": tied}
    theirs = Qwen2ForCausalLM(Qwen2Config(**fields)).eval()
    theirs.save_pretrained(tmp_path, max_shard_size=shard_size)
    assert "rope_parameters" in json.loads((tmp_path / "config.json").read_text())
    ours = load_model(tmp_path)
    assert not ours.training
    torch.testing.assert_close(ours(TOKENS), theirs(TOKENS).logits, rtol=0, atol=1e-5)


def test_dtype_and_place(folder: Path) -> None:
    model = load_model(folder, dtype=torch.bfloat16)
    assert {parameter.dtype for parameter in model.parameters()} == {torch.bfloat16}
    assert all(parameter.requires_grad for parameter in model.parameters())
    for name, tensor in fresh().state_dict().items():
        assert torch.equal(model.state_dict()[name], tensor.bfloat16())


def test_loaded_weights_do_not_depend_on_the_file(folder: Path) -> None:
    model = load_model(folder)
    before = model(TOKENS)
    (folder / "model.safetensors").write_bytes(b"")
    assert torch.equal(model(TOKENS), before)


def test_whole_checkpoint_with_tokenizer(tmp_path: Path) -> None:
    save_model(fresh(), tmp_path)
    tokenizer = train_bpe(["one two three 草莓 " * 9, "strawberry " * 9], 400)
    tokenizer.save(tmp_path)
    assert names(tmp_path) == {
        "config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json",
    }  # fmt: skip
    theirs = AutoTokenizer.from_pretrained(tmp_path)
    assert theirs("a 草莓")["input_ids"] == Tokenizer.load(tmp_path).encode("a 草莓")


def test_a_stored_tied_head_is_ignored(tmp_path: Path) -> None:
    model = fresh(TIED)
    save_model(model, tmp_path)
    tensors = load_file(tmp_path / "model.safetensors")
    extra = {"lm_head.weight": tensors["model.embed_tokens.weight"].clone(), "model.rotary_emb.inv_freq": torch.ones(8)}
    save_file({**tensors, **extra}, tmp_path / "model.safetensors")
    assert torch.equal(load_model(tmp_path)(TOKENS), model(TOKENS))


def test_saving_again_replaces_the_old_weights_alone(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    for seed, shard_bytes in enumerate((10**9, 60_000, 60_000, 10**9, 10**9)):
        model = fresh(seed=seed)
        save_model(model, tmp_path, shard_bytes=shard_bytes)
        assert torch.equal(load_model(tmp_path)(TOKENS), model(TOKENS))
        theirs = AutoModelForCausalLM.from_pretrained(tmp_path)
        torch.testing.assert_close(theirs(TOKENS).logits, model(TOKENS), rtol=0, atol=1e-5)
        weights = {name for name in names(tmp_path) if name.endswith(".safetensors")}
        index = tmp_path / "model.safetensors.index.json"
        expected = (
            set(json.loads(index.read_text())["weight_map"].values()) if index.exists() else {"model.safetensors"}
        )
        assert weights == expected
    assert names(tmp_path) == {"README.md", "config.json", "generation_config.json", "model.safetensors"}


class _FullDisk:
    """A file on a disk with some bytes left."""

    def __init__(self, file: BinaryIO, left: int) -> None:
        self.file, self.left = file, left

    def write(self, content: Any) -> int:
        size = memoryview(content).nbytes
        if size > self.left:
            self.file.write(memoryview(content).cast("B")[: self.left])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.left -= size
        return self.file.write(content)


@pytest.mark.parametrize("left", [0, 100, 50_000])
@pytest.mark.parametrize("shard_bytes", [10**9, 60_000])
@pytest.mark.parametrize("old", [True, False])
def test_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left: int, shard_bytes: int, old: bool) -> None:
    if old:
        save_model(fresh(), tmp_path, shard_bytes=shard_bytes)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    write = files.Replacement.write
    calls = iter(range(99))

    def write_until_full(self: files.Replacement, path: Path, writer: Callable[[Any], object]) -> None:
        at = 2 if shard_bytes < 10**9 else 0  # the third shard does not fit any more
        full = next(calls) >= at
        write(self, path, (lambda file: writer(_FullDisk(file, left))) if full else writer)

    monkeypatch.setattr(files.Replacement, "write", write_until_full)
    with pytest.raises(CheckpointError, match="No space left on device") as error:
        save_model(fresh(seed=1), tmp_path, shard_bytes=shard_bytes)
    assert "untouched" in error.value.hint
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_file_size_limit_of_the_system(folder: Path) -> None:
    """The same with a real error of the system instead of one made up."""
    before = (folder / "model.safetensors").read_bytes()
    script = (
        "import resource, sys; from qwill.model.checkpoint import load_model, save_model\n"
        "model = load_model(sys.argv[1]); resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))\n"
        "try: save_model(model, sys.argv[1])\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    done = subprocess.run([sys.executable, "-c", script, folder], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("CheckpointError")
    assert "model.safetensors cannot be written" in done.stdout
    assert (folder / "model.safetensors").read_bytes() == before
    assert names(folder) == {"config.json", "generation_config.json", "model.safetensors"}


def test_unwritable_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CheckpointError, match="cannot be written"):
        save_model(fresh(), tmp_path / "file" / "model")


def truncate(path: Path, keep: int) -> None:
    path.write_bytes(path.read_bytes()[:keep])


def change_tensors(path: Path, change: Callable[[dict[str, torch.Tensor]], object]) -> None:
    tensors = load_file(path)
    change(tensors)
    save_file(tensors, path)


def change_header(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    change(header)
    encoded = json.dumps(header).encode()
    path.write_bytes(len(encoded).to_bytes(8, "little") + encoded + content[8 + length :])


Q = "model.layers.0.self_attn.q_proj.weight"
DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "no config": (lambda f: (f / "config.json").unlink(), "config.json is missing"),
    "config is no JSON": (lambda f: (f / "config.json").write_text("{"), "not valid JSON"),
    "config is a list": (lambda f: (f / "config.json").write_text("[]"), "no JSON object"),
    "no weights": (lambda f: (f / "model.safetensors").unlink(), "There are no weights"),
    "empty": (lambda f: truncate(f / "model.safetensors", 0), "damaged"),
    "cut in the header": (lambda f: truncate(f / "model.safetensors", 200), "damaged"),
    "cut in the tensors": (lambda f: truncate(f / "model.safetensors", 100_000), "cut off"),
    "cut by one byte": (lambda f: truncate(f / "model.safetensors", -1), "cut off"),
    "text instead": (lambda f: (f / "model.safetensors").write_text("version https://git-lfs"), "damaged"),
    "zeros instead": (lambda f: (f / "model.safetensors").write_bytes(bytes(5000)), "damaged"),
    "missing tensor": (lambda f: change_tensors(f / "model.safetensors", lambda t: t.pop(Q)), "1 tensors missing"),
    "surplus tensor": (
        lambda f: change_tensors(f / "model.safetensors", lambda t: t.update(more=torch.ones(3))),
        r"1 not known \(more\)",
    ),
    "renamed tensor": (
        lambda f: change_tensors(f / "model.safetensors", lambda t: t.update(wq=t.pop(Q))),
        "1 tensors missing .* and 1 not known",
    ),
    "wrong shape": (
        lambda f: change_tensors(f / "model.safetensors", lambda t: t.update({Q: torch.ones(64, 60)})),
        r"q_proj.weight is \(64, 60\), and should be \(64, 64\)",
    ),
    "quantised": (
        lambda f: change_tensors(f / "model.safetensors", lambda t: t.update({Q: t[Q].to(torch.int8)})),
        "I8",
    ),
    "config of another size": (
        lambda f: (f / "config.json").write_text(json.dumps({**CONFIG.to_json(), "num_hidden_layers": 3})),
        "12 tensors missing",
    ),
    "another architecture": (
        lambda f: (f / "config.json").write_text(json.dumps({**CONFIG.to_json(), "architectures": ["Other"]})),
        "Other",
    ),
    "impossible size": (
        lambda f: change_header(f / "model.safetensors", lambda h: h[Q].update(shape=[64, 65])),
        "makes no sense",
    ),
    "negative shape": (
        lambda f: change_header(f / "model.safetensors", lambda h: h[Q].update(shape=[-64, -64])),
        "makes no sense",
    ),
    "beyond the end": (
        lambda f: change_header(f / "model.safetensors", lambda h: h[Q].update(data_offsets=[10**9, 10**9 + 16384])),
        "overlap or leave gaps",
    ),
    "header without offsets": (
        lambda f: change_header(f / "model.safetensors", lambda h: h[Q].pop("data_offsets")),
        "makes no sense",
    ),
    "entry is a number": (
        lambda f: change_header(f / "model.safetensors", lambda h: h.update({Q: 3})),
        "makes no sense",
    ),
}


@pytest.mark.parametrize(("damage", "says"), DAMAGES.values(), ids=DAMAGES.keys())
def test_damaged_checkpoints(folder: Path, damage: Callable[[Path], object], says: str) -> None:
    damage(folder)
    with pytest.raises(CheckpointError, match=says) as error:
        load_model(folder)
    assert error.value.hint
    assert "\n" not in str(error.value)


SHARD_DAMAGES: dict[str, tuple[Callable[[Path, Path], object], str]] = {
    "missing shard": (lambda f, shard: shard.unlink(), "weight files are missing"),
    "truncated shard": (lambda f, shard: truncate(shard, -5), "cut off"),
    "shard without a tensor": (
        lambda f, shard: change_tensors(shard, lambda tensors: tensors.pop(min(tensors))),
        "1 tensors missing",
    ),
    "index without a map": (
        lambda f, shard: (f / "model.safetensors.index.json").write_text("{}"),
        "has no weight_map",
    ),
    "index to elsewhere": (
        lambda f, shard: (f / "model.safetensors.index.json").write_text('{"weight_map": {"a": "../../secret"}}'),
        "points outside its folder",
    ),
    "index to a pickle": (
        lambda f, shard: (f / "model.safetensors.index.json").write_text('{"weight_map": {"a": "model.bin"}}'),
        "pickle",
    ),
}


@pytest.mark.parametrize(("damage", "says"), SHARD_DAMAGES.values(), ids=SHARD_DAMAGES.keys())
def test_damaged_shards(sharded: Path, damage: Callable[[Path, Path], object], says: str) -> None:
    damage(sharded, sorted(sharded.glob("*.safetensors"))[1])
    with pytest.raises(CheckpointError, match=says) as error:
        load_model(sharded)
    assert error.value.hint


class _Trap:
    """Unpickling it leaves a trace."""

    opened = False

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return setattr, (_Trap, "opened", True)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "consolidated.pt", "model.pth", "last.ckpt"])
def test_pickles_are_refused_unopened(folder: Path, name: str) -> None:
    (folder / "model.safetensors").unlink()
    (folder / name).write_bytes(pickle.dumps(_Trap()))
    for path in (folder, folder / name):
        with pytest.raises(CheckpointError, match="is a pickle") as error:
            load_model(path)
        assert "convert" in error.value.hint
    assert not _Trap.opened


def test_no_such_model(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="There is no model at"):
        load_model(tmp_path / "nothing")
    (tmp_path / "model.gguf").write_bytes(b"GGUF")
    with pytest.raises(CheckpointError, match="is a file"):
        load_model(tmp_path / "model.gguf")


MEASURE = """
import json, sys, threading, time
import psutil, torch
from qwill.model.checkpoint import load_model
process, stop, peak = psutil.Process(), threading.Event(), [0]
def watch():
    while not stop.is_set():
        peak[0] = max(peak[0], process.memory_info().rss)
        time.sleep(0.001)
before = process.memory_info().rss
watcher = threading.Thread(target=watch)
watcher.start()
model = load_model(sys.argv[1], dtype=getattr(torch, sys.argv[2]))
stop.set()
watcher.join()
weights = sum(parameter.numel() * parameter.element_size() for parameter in model.parameters())
print(json.dumps((peak[0] - before) / weights))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="pages cannot be given back there")
@pytest.mark.parametrize("loaded", ["float32", "bfloat16"])
def test_peak_memory_of_loading(tmp_path: Path, loaded: str) -> None:
    config = ModelConfig(
        vocab_size=32000,
        hidden_size=768,
        intermediate_size=2048,
        num_hidden_layers=8,
        num_attention_heads=12,
        num_key_value_heads=2,
    )
    assert config.parameter_count() * 4 > 350e6
    with torch.device("meta"):
        model = Transformer(config)
    model.to_empty(device="cpu")
    for parameter in model.parameters():
        torch.nn.init.uniform_(parameter)  # written to, so that the file has no holes
    save_model(model, tmp_path)
    del model
    done = subprocess.run([sys.executable, "-c", MEASURE, tmp_path, loaded], capture_output=True, text=True, check=True)
    assert 0.9 < json.loads(done.stdout) < 1.1


def test_constants_that_other_tools_rely_on() -> None:
    assert (checkpoint.SINGLE, checkpoint.INDEX) == ("model.safetensors", "model.safetensors.index.json")
