"""GGUF: our models come back from it, llama.cpp runs them, and every damaged file gets one clear message."""

from __future__ import annotations

import json
import random
import struct
import urllib.request
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType

from qwill.api import open_model
from qwill.cli import main
from qwill.core import CheckpointError, Sampling
from qwill.engine.protocol import Request
from qwill.model.checkpoint import save_model
from qwill.model.config import ModelConfig
from qwill.model.files import is_gguf
from qwill.model.gguf import load_gguf, save_gguf
from qwill.model.gguf_file import GgufFile
from qwill.model.gguf_output import Unwritten, write_gguf
from qwill.model.opening import open_checkpoint
from qwill.model.tokenizer import Tokenizer, train_bpe
from qwill.model.transformer import Transformer

TEXTS = [
    "How many r in strawberry? Let me count: s, t, r, a, w, b, e, r, r, y. Wait, check again: 3.",
    "草莓里有几个字母？等一下，9.11 和 9.9 哪个大？我们来比较小数部分。",
    "x = 3 * 17 + 204\nwhile x > 0:\n    x = x - 7\nprint(x)\n",
] * 8
TALK = [
    {"role": "user", "content": "9.11 和 9.9 哪个大？ I'll say <|im_end|>"},
    {"role": "assistant", "content": "<think>\nCompare.\n</think>\n\n9.9"},
    {"role": "user", "content": "Why?\n\n  x=1"},
]
CONFIG = ModelConfig(
    vocab_size=400,
    hidden_size=64,
    intermediate_size=160,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    max_position_embeddings=256,
    eos_token_id=(375, 377),
    pad_token_id=375,
)
YARN = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 64}
CONFIGS = {
    "untied": CONFIG,
    "tied, theta 1e6, eps 1e-5": replace(CONFIG, tie_word_embeddings=True, rope_theta=1e6, rms_norm_eps=1e-5),
    "yarn": replace(CONFIG, rope_scaling=YARN),
}


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return train_bpe(TEXTS, 380)


def fresh(config: ModelConfig = CONFIG) -> Transformer:
    """A model whose biases and norms are not trivial, and whose logits differ clearly."""
    torch.manual_seed(0)
    model = Transformer(config).eval()
    for name, parameter in model.named_parameters():
        torch.nn.init.normal_(parameter, mean=float(name.endswith("norm.weight")), std=0.2)
    return model


@pytest.fixture
def written(tokenizer: Tokenizer, tmp_path: Path) -> Path:
    path = tmp_path / "tiny.gguf"
    save_gguf(fresh(), tokenizer, path, "f32")
    return path


def rewritten(path: Path, metadata: dict[str, Any] | None = None, without: tuple[str, ...] = ()) -> Path:
    """The file again with other metadata (None takes a key out), or without some tensors."""
    with GgufFile(path) as file:
        fields = {key: value for key, value in {**file.metadata, **(metadata or {})}.items() if value is not None}
        tensors = []
        for name, entry in file.entries.items():
            if name not in without:
                tensor = torch.empty(entry.shape)
                file.read_into(name, tensor)
                tensors.append(Unwritten(name, tensor, entry.kind))
    with path.open("wb") as out:
        write_gguf(out, fields, tensors)
    return path


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_f32_comes_back_bit_for_bit(config: ModelConfig, tokenizer: Tokenizer, tmp_path: Path) -> None:
    model = fresh(config)
    save_gguf(model, tokenizer, tmp_path / "a.gguf", "f32")
    back, back_tokenizer = load_gguf(tmp_path / "a.gguf")
    assert back.config == config
    assert back.state_dict().keys() == model.state_dict().keys()
    assert all(torch.equal(tensor, back.state_dict()[name]) for name, tensor in model.state_dict().items())
    assert back_tokenizer.control_tokens == tokenizer.control_tokens
    assert back_tokenizer.eos_ids == {375, 377}


def test_f16_and_q8_0_come_back_rounded(tokenizer: Tokenizer, tmp_path: Path) -> None:
    model = fresh(replace(CONFIG, intermediate_size=170))  # rows of down_proj are no multiple of 32
    for kind in ("f16", "q8_0"):
        save_gguf(model, tokenizer, tmp_path / f"{kind}.gguf", kind)
        back = load_gguf(tmp_path / f"{kind}.gguf")[0].state_dict()
        for name, tensor in model.state_dict().items():
            if tensor.ndim == 1:
                assert torch.equal(back[name], tensor)
            elif kind == "f16" or "down_proj" in name:
                assert torch.equal(back[name], tensor.half().float())
            else:
                steps = tensor.view(-1, 32).abs().amax(1, keepdim=True) / 127
                assert ((back[name] - tensor).view(-1, 32).abs() <= 0.57 * steps).all()
                assert not torch.equal(back[name], tensor)
    assert (tmp_path / "q8_0.gguf").stat().st_size < 0.7 * (tmp_path / "f16.gguf").stat().st_size


def test_the_tokenizer_comes_back(tokenizer: Tokenizer, written: Path) -> None:
    back = load_gguf(written)[1]
    for text in (*TEXTS, "ﬁ é e\u0301 <think>1234</think>\r\n\t  don't 'LL  ", "🍓\U0001f468\u200d\U0001f469"):
        for special in (True, False):
            assert back.encode(text, special=special) == tokenizer.encode(text, special=special)
    assert back.chat(TALK) == tokenizer.chat(TALK)
    assert back.vocab_size == tokenizer.vocab_size == 380  # the rows above have no token


def test_dtype_and_several_files(written: Path) -> None:
    whole = load_gguf(written)[0].state_dict()
    assert all(
        torch.equal(tensor, whole[name].bfloat16())
        for name, tensor in load_gguf(written, torch.bfloat16)[0].state_dict().items()
    )
    with GgufFile(written) as file:
        tensors = [(name, torch.empty(entry.shape), entry.kind) for name, entry in file.entries.items()]
        for name, tensor, _ in tensors:
            file.read_into(name, tensor)
        first = written.with_name("tiny-00001-of-00002.gguf")
        second = written.with_name("tiny-00002-of-00002.gguf")
        with first.open("wb") as out:
            parts = {"split.count": 2, "split.no": 0}
            write_gguf(out, {**file.metadata, **parts}, [Unwritten(*tensor) for tensor in tensors[:5]])
        with second.open("wb") as out:
            write_gguf(out, {"split.count": 2, "split.no": 1}, [Unwritten(*tensor) for tensor in tensors[5:]])
    assert all(torch.equal(tensor, whole[name]) for name, tensor in load_gguf(first)[0].state_dict().items())
    second.unlink()
    with pytest.raises(CheckpointError, match="00002-of-00002"):
        load_gguf(first)
    with pytest.raises(CheckpointError, match="one of 2 files"):
        load_gguf(first.rename(written.with_name("renamed.gguf")))


@dataclass(frozen=True)
class Blocks:
    """A tensor whose bytes in the file are given."""

    name: str
    tensor: torch.Tensor
    kind: GGMLQuantizationType
    data: bytes

    @property
    def length(self) -> int:
        return len(self.data)

    def chunks(self) -> list[bytes]:
        return [self.data]


def stored(path: Path, blocks: Blocks) -> torch.Tensor:
    with path.open("wb") as out:
        write_gguf(out, {}, [blocks])  # type: ignore[list-item]
    target = torch.empty_like(blocks.tensor)
    with GgufFile(path) as file:
        file.read_into(blocks.name, target)
    return target


def half(*numbers: float) -> bytes:
    return np.array(numbers, "<f2").tobytes()


HAND_MADE = {
    # d; 32 int8
    "Q8_0": (half(0.5) + bytes([2, 254] * 16), [1.0, -1.0] * 16),
    # d; low nibbles are numbers 0..15, high ones 16..31; 8 is zero
    "Q4_0": (half(2) + bytes([0x97] * 16), [-2.0] * 16 + [2.0] * 16),
    # d, m
    "Q4_1": (half(2, 10) + bytes([0x31] * 16), [12.0] * 16 + [16.0] * 16),
    # d; one fifth bit for each; 16 is zero
    "Q5_0": (half(1) + struct.pack("<I", 0xFFFF) + bytes([0x21] * 16), [1.0] * 16 + [-14.0] * 16),
    "Q5_1": (half(1, -3) + struct.pack("<I", 0xFFFF0000) + bytes([0x21] * 16), [-2.0] * 16 + [15.0] * 16),
    # d, dmin; 6-bit scales and minima (all scales 1, the first four minima 2); per 64 numbers low nibbles, then high
    "Q4_K": (
        half(1, 0.5) + bytes([1] * 4 + [2] * 4 + [1] * 4) + bytes([0x21] * 128),
        ([0.0] * 32 + [1.0] * 32) * 2 + ([1.0] * 32 + [2.0] * 32) * 2,
    ),
    # low nibbles; two upper bits; int8 scales; d; 32 is zero
    "Q6_K": (bytes([0x11] * 128) + bytes([0xAA] * 64) + bytes([3] * 16) + half(2), [6.0] * 256),
}


@pytest.mark.parametrize("name", HAND_MADE)
def test_blocks_mean_what_the_format_says(name: str, tmp_path: Path) -> None:
    data, numbers = HAND_MADE[name]
    kind = GGMLQuantizationType[name]
    assert len(data) == GGML_QUANT_SIZES[kind][1]
    rows = 3
    target = torch.empty(rows, len(numbers))
    assert stored(tmp_path / "x.gguf", Blocks("x", target, kind, data * rows)).tolist() == [numbers] * rows


def test_many_rows_are_read_piece_by_piece(tmp_path: Path) -> None:
    numbers = torch.randn(3000, 1024)
    with (tmp_path / "x.gguf").open("wb") as out:
        write_gguf(out, {}, [Unwritten("x", numbers, GGMLQuantizationType.Q8_0)])
    target = torch.empty(3000, 1024, dtype=torch.bfloat16)
    with GgufFile(tmp_path / "x.gguf") as file:
        file.read_into("x", target)
    assert (target.float() - numbers).abs().max() < 0.03


def test_a_type_that_nobody_knows_is_named(tmp_path: Path) -> None:
    kind = GGMLQuantizationType.Q8_1
    with pytest.raises(CheckpointError, match="Q8_1"):
        stored(tmp_path / "x.gguf", Blocks("x", torch.empty(1, 32), kind, bytes(GGML_QUANT_SIZES[kind][1])))


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "architecture": ({"general.architecture": "llama"}, "architecture 'llama'"),
    "no architecture": ({"general.architecture": None}, "architecture None"),
    "words": ({"tokenizer.ggml.pre": "llama-bpe"}, "another kind"),
    "no tokens": ({"tokenizer.ggml.tokens": None}, "no tokens"),
    "types": ({"tokenizer.ggml.token_type": [1, 1]}, "types for another number"),
    "merges": ({"tokenizer.ggml.merges": ["no such"]}, "tokenizer makes no sense"),
    "eos": ({"tokenizer.ggml.eos_token_id": 5000}, "names a token 5000"),
    "width": ({"qwen2.embedding_length": 96}, "do not fit"),
    "no width": ({"qwen2.embedding_length": None}, "embedding_length missing"),
    "layers": ({"qwen2.block_count": 3}, "12 tensors missing"),
    "very many layers": ({"qwen2.block_count": 4_000_000_000}, "claims 4000000000 layers"),
    "heads": ({"qwen2.attention.key_length": 32}, "wide"),
    "positions": ({"qwen2.rope.scaling.type": "linear"}, "stretches its positions"),
    "template": ({"tokenizer.chat_template": 3}, "no text"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_run_is_refused(case: str, written: Path) -> None:
    metadata, message = REFUSED[case]
    with pytest.raises(CheckpointError, match=message):
        load_gguf(rewritten(written, metadata))


def test_missing_and_unknown_tensors_are_named(written: Path) -> None:
    with pytest.raises(CheckpointError, match=r"layers\.1\.mlp\.up_proj\.weight"):
        load_gguf(rewritten(written, without=("blk.1.ffn_up.weight",)))
    with pytest.raises(CheckpointError, match=r"11 not known \(model\.layers\.1\."):
        load_gguf(rewritten(written, {"qwen2.block_count": 1}))


def test_no_gguf_at_all(tmp_path: Path) -> None:
    path = tmp_path / "x.gguf"
    with pytest.raises(CheckpointError, match="cannot be read"):
        load_gguf(path)
    for contents, message in ((b"", "no GGUF"), (b"PK\x03\x04zip", "no GGUF"), (b"GGUF", "cut off")):
        path.write_bytes(contents)
        with pytest.raises(CheckpointError, match=message):
            load_gguf(path)
    for version in (1, 4, 3 << 24):  # the last is version 3 with its bytes the other way round
        path.write_bytes(b"GGUF" + struct.pack("<IQQ", version, 0, 0))
        with pytest.raises(CheckpointError, match="version"):
            load_gguf(path)


def test_every_truncation_is_told(written: Path) -> None:
    whole = written.read_bytes()
    cuts = [*range(4, 200, 7), *range(200, len(whole), len(whole) // 60), len(whole) - 33]
    for cut in cuts:
        written.write_bytes(whole[:cut])
        with pytest.raises(CheckpointError, match=r"damaged|no GGUF"):
            load_gguf(written)


def test_a_damaged_header_never_brings_down_more_than_a_checkpoint_error(written: Path) -> None:
    whole = written.read_bytes()
    rng = random.Random(0)
    refused = 0
    for _ in range(150):
        damaged = bytearray(whole)
        for _ in range(rng.randint(1, 3)):
            damaged[rng.randrange(4, 1200) if rng.random() < 0.7 else rng.randrange(4, 20_000)] = rng.randrange(256)
        written.write_bytes(damaged)
        try:
            load_gguf(written)
        except CheckpointError:
            refused += 1
    assert refused > 30


def test_what_gguf_cannot_express_is_not_written(tokenizer: Tokenizer, tmp_path: Path) -> None:
    path = tmp_path / "x.gguf"
    path.write_bytes(b"older")
    model = fresh()
    model.get_parameter("model.layers.0.mlp.up_proj.weight").data[0, 0] = 1e6
    with pytest.raises(CheckpointError, match=r"ffn_up\.weight.*F16"):
        save_gguf(model, tokenizer, path)
    with pytest.raises(CheckpointError, match="mscale"):
        save_gguf(fresh(replace(CONFIG, rope_scaling={**YARN, "mscale": 0.5})), tokenizer, path)
    with pytest.raises(CheckpointError, match="380 tokens"):
        save_gguf(fresh(replace(CONFIG, vocab_size=379)), tokenizer, path)
    other = json.loads(json.dumps(tokenizer.definition).replace("(?i:'s", "(?i:'x"))
    with pytest.raises(CheckpointError, match="another way"):
        save_gguf(fresh(), Tokenizer(other, tokenizer.settings), path)
    assert path.read_bytes() == b"older"
    assert [file.name for file in tmp_path.iterdir()] == ["x.gguf"]


def test_convert_writes_what_can_be_opened(tokenizer: Tokenizer, tmp_path: Path) -> None:
    folder, target = tmp_path / "model", tmp_path / "tiny.gguf"
    save_model(fresh(), folder)
    tokenizer.save(folder)
    result = CliRunner().invoke(main, ["convert", str(folder), str(target), "--type", "f32"])
    assert result.exit_code == 0, result.output
    assert str(target) in result.output
    model, again = open_checkpoint(target)
    assert torch.equal(model.model.embed_tokens.weight, fresh().model.embed_tokens.weight)
    assert again.chat(TALK) == tokenizer.chat(TALK)
    request = Request(prompt="How many r in strawberry?", sampling=Sampling(temperature=0), max_tokens=8)
    written = []
    for source in (folder, target):
        engine = open_model(source)
        written.append([token.id for delta in engine.stream([request]) for token in delta.tokens])
        assert engine.name == source.stem
        engine.close()
    assert written[0] == written[1] != []
    blob = target.rename(tmp_path / "sha256-1234")  # as Ollama keeps it
    assert is_gguf(blob)
    assert open_checkpoint(blob)[0].config == CONFIG
    assert CliRunner().invoke(main, ["convert", str(folder), str(tmp_path / "x.bin")]).exit_code == 2


def test_llama_cpp_runs_our_file(tokenizer: Tokenizer, tmp_path: Path) -> None:
    """The same tokens, the same rendered prompt, and at each of 60 positions the same likeliest token."""
    llama = pytest.importorskip("xllamacpp")
    path = tmp_path / "tiny.gguf"
    model = fresh(replace(CONFIG, tie_word_embeddings=True))
    save_gguf(model, tokenizer, path, "f16")
    model = load_gguf(path)[0]
    parameters = llama.CommonParams()
    parameters.model.path = str(path)
    parameters.n_ctx, parameters.n_parallel, parameters.warmup = 256, 1, False
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 1
    server = llama.Server(parameters)

    def post(route: str, body: dict[str, Any]) -> Any:
        request = urllib.request.Request(
            server.listening_address + route, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as reply:
            return json.load(reply)

    for text in TEXTS[:3]:
        assert post("/tokenize", {"content": text})["tokens"] == tokenizer.encode(text)
    assert post("/apply-template", {"messages": TALK})["prompt"] == tokenizer.render(TALK)

    tokens = tokenizer.encode(TEXTS[0] + TEXTS[1])[:60]
    with torch.no_grad():
        ours = model(torch.tensor([tokens]))[0].log_softmax(-1)
    divergences = []
    # It reports no probabilities with a token that ends the text or is half a character: what it draws is always "a",
    # and the probabilities are those before that.
    always = {"n_predict": 1, "n_probs": CONFIG.vocab_size, "logit_bias": [[tokenizer.encode("a")[0], 1000]]}
    for position, ours_V in enumerate(ours):
        reply = post("/completion", {"prompt": tokens[: position + 1], **always})
        theirs_V = torch.full((CONFIG.vocab_size,), -torch.inf)
        for candidate in reply["completion_probabilities"][0]["top_logprobs"]:
            theirs_V[candidate["id"]] = candidate["logprob"]
        assert theirs_V.argmax() == ours_V.argmax(), position
        divergences.append(float((ours_V.exp() * (ours_V - theirs_V)).sum()))
    assert max(divergences) < 1e-3
