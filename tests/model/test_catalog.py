"""The catalog: names as people write them, sizes against published figures."""

from __future__ import annotations

import subprocess
import sys

import pytest

from qwill.core import UsageError
from qwill.model.catalog import CATALOG, find, lookup, similar
from qwill.model.config import PRESETS
from qwill.model.shape import Precision, Shape

FILE_HEADER = 6_000_000
"""Bytes of a GGUF file of this family that are tokenizer and header: 5.95 to 5.98 million in all files measured."""


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("qwq", "qwq-32b"),
        ("QwQ-32B", "qwq-32b"),
        ("Qwen/QwQ-32B", "qwq-32b"),
        ("Qwen/QwQ-32B-preview", "qwq-32b-preview"),
        ("QwQ-32B-Preview", "qwq-32b-preview"),
        ("qwq_32b_preview", "qwq-32b-preview"),
        ("deepseek-r1:7b", "deepseek-r1-distill-qwen-7b"),
        ("DeepSeek-R1-Distill-Qwen-1.5B", "deepseek-r1-distill-qwen-1.5b"),
        ("qwen3:0.6b", "qwen3-0.6b"),
        ("Qwen2.5-7B-Instruct", "qwen2.5-7b"),
        ("qwen2.5-coder:0.5b", "qwen2.5-coder-0.5b"),
        ("Qwen1.5-1.8B-Chat", "qwen1.5-1.8b"),
        ("nano", "qwill-nano"),
    ],
)
def test_names_are_understood_as_people_write_them(written: str, meant: str) -> None:
    assert find(written).name == meant


@pytest.mark.parametrize("written", ["Qwen/Qwen2.5-7B", "somebody/QwQ-32B", "gpt-5", "", "/"])
def test_another_model_is_not_taken_for_one_of_ours(written: str) -> None:
    assert lookup(written) is None


def test_close_names_are_suggested() -> None:
    with pytest.raises(UsageError, match="Did you mean qwq-32b"):
        find("qwq-23b")
    assert similar("qwen2.5-coder-7b-instrct")[0] == "qwen2.5-coder-7b"
    assert similar("Qwen/Qwen2.5-7B")[0] == "qwen2.5-7b"
    with pytest.raises(UsageError, match="qwill models"):
        find("zzz")


def test_no_two_models_share_a_name() -> None:
    spellings = [name for entry in CATALOG for name in {entry.name, entry.hub.rsplit("/", 1)[-1].lower()} if name]
    assert len(set(spellings)) == len(spellings)
    assert all(lookup(alias) is entry for entry in CATALOG for alias in entry.aliases)


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_a_shape_counts_what_the_configuration_counts(name: str) -> None:
    assert Shape.of(PRESETS[name]).parameters == PRESETS[name].parameter_count()


@pytest.mark.parametrize(
    ("name", "billions"),
    [
        ("qwq-32b", 32.8),
        ("deepseek-r1-distill-qwen-1.5b", 1.78),
        ("qwen3-0.6b", 0.596),
        ("qwen3-1.7b", 1.72),
        ("qwen3-4b", 4.02),
        ("qwen3-8b", 8.19),
        ("qwen2.5-7b", 7.62),
        ("qwen2.5-coder-3b", 3.09),
        ("qwen1.5-1.8b", 1.84),
    ],
)
def test_parameters_are_the_published_ones(name: str, billions: float) -> None:
    assert find(name).parameters / 1e9 == pytest.approx(billions, abs=0.006 if billions < 10 else 0.06)


def test_bytes_are_those_of_published_files() -> None:
    qwen3 = find("qwen3-1.7b").shape
    assert 0 < 1_834_426_016 - qwen3.weight_bytes(Precision.INT8) < FILE_HEADER
    # The makers' own files of tied Qwen2.5 models hold the embedding twice, the second time as a plain Q4_K matrix
    # (Q5_0 where rows of 896 do not divide into pieces of 256).
    half = find("qwen2.5-coder-0.5b").shape
    assert 0 < 491_400_064 - half.weight_bytes(Precision.INT4) - 151936 * 896 * 22 // 32 < FILE_HEADER
    larger = find("qwen2.5-coder-1.5b").shape
    assert 0 < 1_117_320_768 - larger.weight_bytes(Precision.INT4) - 151936 * 1536 * 144 // 256 < FILE_HEADER


def test_bytes_by_precision() -> None:
    shape = find("qwq").shape
    gigabytes = [round(shape.weight_bytes(precision) / 1e9, 1) for precision in Precision]
    assert gigabytes == [131.1, 65.5, 34.8, 19.8]
    assert shape.kv_bytes_per_token() == 64 * 2 * 8 * 128 * 2


def test_every_entry_says_where_it_comes_from() -> None:
    for entry in CATALOG:
        assert entry.licence
        assert entry.name == "qwill-nano" or entry.hub.count("/") == 1
        assert set(entry.unverified) <= {"thinking", "context", "stretched", "modelscope"}
        assert all(repository.endswith("-GGUF") for repository in entry.gguf)
        assert entry.repository("hub") == entry.hub
        assert entry.most_context >= entry.context


def test_the_catalog_imports_nothing_heavy() -> None:
    code = "import sys, qwill.model.catalog; print(*{'torch', 'numpy', 'rich', 'huggingface_hub'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == ""
