"""Configurations: both spellings are read, what is written is read by transformers, nonsense is refused."""

from __future__ import annotations

from typing import Any

import pytest
from transformers import Qwen2Config

from qwill.core import CheckpointError
from qwill.model.config import PRESETS, ModelConfig

YARN = {"factor": 4.0, "original_max_position_embeddings": 32768}
# What the makers' config.json of Qwen2.5-7B-Instruct holds, as far as it matters here.
QWEN_7B: dict[str, Any] = {
    "architectures": ["Qwen2ForCausalLM"],
    "attention_dropout": 0.0,
    "bos_token_id": 151643,
    "eos_token_id": 151645,
    "hidden_act": "silu",
    "hidden_size": 3584,
    "initializer_range": 0.02,
    "intermediate_size": 18944,
    "max_position_embeddings": 32768,
    "max_window_layers": 28,
    "model_type": "qwen2",
    "num_attention_heads": 28,
    "num_hidden_layers": 28,
    "num_key_value_heads": 4,
    "rms_norm_eps": 1e-06,
    "rope_theta": 1000000.0,
    "sliding_window": 131072,
    "tie_word_embeddings": False,
    "torch_dtype": "bfloat16",
    "use_sliding_window": False,
    "vocab_size": 152064,
}


def test_the_makers_file_is_the_preset() -> None:
    assert ModelConfig.from_json(QWEN_7B) == PRESETS["qwen2.5-7b"]


@pytest.mark.parametrize("config", PRESETS.values(), ids=PRESETS.keys())
def test_round_trip(config: ModelConfig) -> None:
    assert ModelConfig.from_json(config.to_json()) == config


@pytest.mark.parametrize("scaling", [None, {"rope_type": "yarn", **YARN}])
def test_transformers_reads_what_we_write_and_we_read_what_it_writes(scaling: dict[str, Any] | None) -> None:
    config = ModelConfig.from_json({**QWEN_7B, "rope_scaling": scaling, "eos_token_id": [151645, 151643]})
    theirs = Qwen2Config(**config.to_json())
    assert theirs.rope_parameters["rope_theta"] == 1e6
    assert ModelConfig.from_json(theirs.to_dict()) == config


@pytest.mark.parametrize(
    "spelling",
    [
        {"rope_theta": 1e6, "rope_scaling": {"type": "yarn", **YARN}},
        {"rope_theta": 1e6, "rope_scaling": {"rope_type": "yarn", **YARN}},
        {"rope_parameters": {"rope_theta": 1e6, "rope_type": "yarn", **YARN}},
    ],
)
def test_spellings_of_yarn(spelling: dict[str, Any]) -> None:
    rest = {name: value for name, value in QWEN_7B.items() if name != "rope_theta"}
    config = ModelConfig.from_json({**rest, **spelling})
    assert (config.rope_theta, config.yarn_factor, config.context) == (1e6, 4.0, 131072)


def test_default_rope_in_the_new_spelling() -> None:
    rest = {name: value for name, value in QWEN_7B.items() if name != "rope_theta"}
    config = ModelConfig.from_json({**rest, "rope_parameters": {"rope_theta": 5e5, "rope_type": "default"}})
    assert (config.rope_theta, config.rope_scaling, config.context) == (5e5, None, 32768)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"architectures": ["LlamaForCausalLM"], "model_type": "llama"}, "LlamaForCausalLM"),
        ({"model_type": "qwen3"}, "qwen3"),
        ({"architectures": 7}, "7"),
        ({"hidden_size": 3585}, "hidden_size 3585"),
        ({"hidden_size": "3584"}, "hidden_size"),
        ({"hidden_size": True}, "hidden_size"),
        ({"num_hidden_layers": 0}, "num_hidden_layers"),
        ({"num_key_value_heads": 3}, "3 key/value heads"),
        ({"head_dim": 64}, "head_dim"),
        ({"rms_norm_eps": -1.0}, "rms_norm_eps"),
        ({"rope_theta": float("inf")}, "rope_theta"),
        ({"rope_theta": "many"}, "rope_theta"),
        ({"rope_scaling": {"type": "dynamic", "factor": 2.0}}, "dynamic"),
        ({"rope_scaling": {"type": "yarn", "factor": "4"}}, "factor"),
        ({"rope_scaling": "yarn"}, "rope_scaling"),
        ({"tie_word_embeddings": "no"}, "tie_word_embeddings"),
        ({"eos_token_id": "<|im_end|>"}, "eos_token_id"),
        ({"eos_token_id": [1, "x"]}, "eos_token_id"),
        ({"use_sliding_window": True}, "sliding-window"),
        ({"quantization_config": {"quant_method": "awq"}}, "quantised"),
        ({"hidden_act": "gelu"}, "gelu"),
    ],
)
def test_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(CheckpointError) as error:
        ModelConfig.from_json({**QWEN_7B, **changes})
    assert says in error.value.message
    assert error.value.hint


@pytest.mark.parametrize("name", ["vocab_size", "hidden_size", "num_hidden_layers"])
def test_missing_field(name: str) -> None:
    with pytest.raises(CheckpointError, match=name):
        ModelConfig.from_json({key: value for key, value in QWEN_7B.items() if key != name})
