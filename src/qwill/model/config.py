"""What shape a model has: the fields of a Qwen2 `config.json`, and presets.

Field names are those of Hugging Face's Qwen2 configuration. Both spellings of the rotary settings are read: the older
`rope_theta` + `rope_scaling`, and the newer `rope_parameters` that holds both; the older one is written, since every
tool that loads Qwen2 checkpoints reads it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from qwill.core import CheckpointError

ARCHITECTURE = "Qwen2ForCausalLM"
_ROPE_TYPES = ("default", "yarn")


@dataclass(frozen=True)
class ModelConfig:
    """The shape of a Qwen2 transformer.

    Attributes:
        vocab_size: rows of the embedding; may exceed the tokenizer's vocabulary.
        hidden_size: width of the residual stream.
        intermediate_size: width inside the SwiGLU feed-forward.
        num_hidden_layers: blocks.
        num_attention_heads: query heads; `hidden_size` is a multiple of it.
        num_key_value_heads: key and value heads, each shared by as many query heads.
        max_position_embeddings: positions the model was trained for, before any stretching by YaRN.
        rope_theta: base of the rotary wavelengths.
        rope_scaling: None, or YaRN settings: `rope_type` "yarn", `factor`, `original_max_position_embeddings`, ...
        rms_norm_eps: added to the mean square in RMSNorm.
        tie_word_embeddings: the output head is the embedding.
        bos_token_id: token that starts a text, where the model has one.
        eos_token_id: token, or tokens, that end a text.
        pad_token_id: token that fills up batches.

    Raises:
        CheckpointError: the values do not describe a model that can exist.
    """

    vocab_size: int
    hidden_size: int
    intermediate_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int
    max_position_embeddings: int = 32768
    rope_theta: float = 10000.0
    rope_scaling: Mapping[str, Any] | None = field(default=None, hash=False)
    rms_norm_eps: float = 1e-6
    tie_word_embeddings: bool = False
    bos_token_id: int | None = None
    eos_token_id: int | tuple[int, ...] | None = None
    pad_token_id: int | None = None

    def __post_init__(self) -> None:
        for name in _SIZES:
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise _invalid(f"{name} must be a positive whole number, not {value!r}")
        for name in ("rope_theta", "rms_norm_eps"):
            value = getattr(self, name)
            if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < math.inf:
                raise _invalid(f"{name} must be a positive number, not {value!r}")
        if not isinstance(self.tie_word_embeddings, bool):
            raise _invalid(f"tie_word_embeddings must be true or false, not {self.tie_word_embeddings!r}")
        if self.hidden_size % self.num_attention_heads or self.head_dim % 2:
            raise _invalid(
                f"hidden_size {self.hidden_size} does not divide into {self.num_attention_heads} heads of even width"
            )
        if self.num_attention_heads % self.num_key_value_heads:
            raise _invalid(
                f"{self.num_attention_heads} query heads cannot share {self.num_key_value_heads} key/value heads evenly"
            )
        for name in ("bos_token_id", "eos_token_id", "pad_token_id"):
            value = getattr(self, name)
            if any(not isinstance(token, int) or token < 0 for token in _as_tuple(value)):
                raise _invalid(f"{name} must be a token number, not {value!r}")
        self._check_rope_scaling()

    def _check_rope_scaling(self) -> None:
        scaling = self.rope_scaling
        if scaling is None:
            return
        if not isinstance(scaling, Mapping) or scaling.get("rope_type") not in _ROPE_TYPES:
            raise _invalid(f"rotary positions of this kind are not supported: {scaling!r}")
        for name in ("factor", "original_max_position_embeddings"):
            value = scaling.get(name)
            if value is not None and (not isinstance(value, int | float) or value <= 0):
                raise _invalid(f"{name} of the rotary scaling must be a positive number, not {value!r}")

    @property
    def head_dim(self) -> int:
        """Width of one attention head."""
        return self.hidden_size // self.num_attention_heads

    @property
    def eos_token_ids(self) -> tuple[int, ...]:
        """The tokens that end a text, as a tuple, maybe empty."""
        return _as_tuple(self.eos_token_id)

    @property
    def original_positions(self) -> int:
        """Positions before YaRN stretched them."""
        original = (self.rope_scaling or {}).get("original_max_position_embeddings")
        return int(original or self.max_position_embeddings)

    @property
    def yarn_factor(self) -> float:
        """How many times YaRN stretches the positions; 1.0 without YaRN."""
        if self.rope_scaling is None or self.rope_scaling["rope_type"] != "yarn":
            return 1.0
        return float(self.rope_scaling.get("factor") or self.max_position_embeddings / self.original_positions)

    @property
    def context(self) -> int:
        """Most tokens of prompt and text together, stretching included."""
        return max(self.max_position_embeddings, int(self.yarn_factor * self.original_positions))

    def parameter_count(self, *, embeddings: bool = True) -> int:
        """Number of parameters; without `embeddings` neither the embedding nor an untied output head is counted."""
        attention_width = self.num_key_value_heads * self.head_dim
        projections = 2 * self.hidden_size**2 + 2 * self.hidden_size * attention_width
        biases = self.hidden_size + 2 * attention_width
        feed_forward = 3 * self.hidden_size * self.intermediate_size
        norms = 2 * self.hidden_size
        inner = self.num_hidden_layers * (projections + biases + feed_forward + norms) + self.hidden_size
        tables = self.vocab_size * self.hidden_size * (1 if self.tie_word_embeddings else 2)
        return inner + (tables if embeddings else 0)

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> ModelConfig:
        """The configuration that a parsed `config.json` of a Qwen2 model describes.

        Raises:
            CheckpointError: another architecture, a missing field, an impossible value, or a variant of Qwen2 that
                is not supported (sliding windows, quantised weights, other rotary scalings).
        """
        _check_architecture(fields)
        missing = [name for name in _REQUIRED if name not in fields]
        if missing:
            raise _invalid(f"{', '.join(missing)} missing")
        theta, scaling = _rope_settings(fields)
        eos = fields.get("eos_token_id")
        heads = fields["num_attention_heads"]
        optional = {name: fields[name] for name in _OPTIONAL if name in fields}
        config = cls(
            **{name: fields[name] for name in _REQUIRED},
            **optional,
            num_key_value_heads=heads if fields.get("num_key_value_heads") is None else fields["num_key_value_heads"],
            rope_theta=theta,
            rope_scaling=scaling,
            eos_token_id=tuple(eos) if isinstance(eos, list) else eos,
        )
        if fields.get("head_dim") not in (None, config.head_dim):
            raise _invalid(f"head_dim {fields['head_dim']!r} is not hidden_size / num_attention_heads")
        return config

    def to_json(self) -> dict[str, Any]:
        """The fields of a `config.json` that transformers, vLLM and llama.cpp read as this model."""
        eos = self.eos_token_id
        return {
            "architectures": [ARCHITECTURE],
            "model_type": "qwen2",
            "hidden_act": "silu",
            "attention_dropout": 0.0,
            "use_cache": True,
            "use_sliding_window": False,
            **{name: getattr(self, name) for name in (*_SIZES, *_OPTIONAL, "rope_theta")},
            "rope_scaling": None if self.rope_scaling is None else dict(self.rope_scaling),
            "eos_token_id": list(eos) if isinstance(eos, tuple) else eos,
        }


_REQUIRED = ("vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads")
_SIZES = (*_REQUIRED, "num_key_value_heads", "max_position_embeddings")
_OPTIONAL = ("max_position_embeddings", "rms_norm_eps", "tie_word_embeddings", "bos_token_id", "pad_token_id")


def _invalid(what: str) -> CheckpointError:
    return CheckpointError(f"Invalid model configuration: {what}.", "Correct config.json or fetch the model again.")


def _as_tuple(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else () if value is None else (value,)


def _check_architecture(fields: Mapping[str, Any]) -> None:
    architectures = fields.get("architectures") or [ARCHITECTURE]
    found = architectures[0] if isinstance(architectures, list) else architectures
    if found != ARCHITECTURE or fields.get("model_type", "qwen2") != "qwen2":
        raise CheckpointError(
            f"This model is a {found} ({fields.get('model_type', 'no model_type')}), not a {ARCHITECTURE}.",
            "Run it with another engine, or use a model of the Qwen2 / QwQ family.",
        )
    if fields.get("use_sliding_window"):
        raise _invalid("sliding-window attention is not supported")
    if fields.get("quantization_config"):
        raise _invalid("its weights are quantised; the unquantised checkpoint is needed")
    if fields.get("hidden_act", "silu") != "silu":
        raise _invalid(f"hidden_act must be silu, not {fields['hidden_act']!r}")


def _rope_settings(fields: Mapping[str, Any]) -> tuple[Any, dict[str, Any] | None]:
    """(theta, scaling) from either spelling; a scaling of the default kind is None."""
    merged: dict[str, Any] = {}
    for name in ("rope_scaling", "rope_parameters"):
        part = fields.get(name) or {}
        if not isinstance(part, Mapping):
            raise _invalid(f"{name} must be an object, not {part!r}")
        merged.update(part)
    theta = merged.pop("rope_theta", None) or fields.get("rope_theta", 10000.0)
    rope_type = merged.pop("type", "default")
    merged["rope_type"] = merged.get("rope_type", rope_type)
    return theta, None if merged["rope_type"] == "default" else merged


def _qwen(
    hidden_size: int, intermediate_size: int, layers: int, heads: int, kv_heads: int, *, large: bool
) -> ModelConfig:
    """A Qwen2.5 model; the large ones (7B and above) have a head of their own and a wider, padded vocabulary."""
    return ModelConfig(
        vocab_size=152064 if large else 151936,
        hidden_size=hidden_size,
        intermediate_size=intermediate_size,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=kv_heads,
        max_position_embeddings=32768,
        rope_theta=1e6,
        tie_word_embeddings=not large,
        bos_token_id=151643,
        eos_token_id=151645,
    )


_QWEN_SIZES = {
    "0.5b": _qwen(896, 4864, 24, 14, 2, large=False),
    "1.5b": _qwen(1536, 8960, 28, 12, 2, large=False),
    "3b": _qwen(2048, 11008, 36, 16, 2, large=False),
    "7b": _qwen(3584, 18944, 28, 28, 4, large=True),
    "14b": _qwen(5120, 13824, 48, 40, 8, large=True),
    "32b": _qwen(5120, 27648, 64, 40, 8, large=True),
}

PRESETS: dict[str, ModelConfig] = {
    # 32,763,876,352 parameters, 31,206,740,992 of them not embeddings; the model's own page says 32.5B and 31.0B.
    "qwq-32b-preview": replace(_QWEN_SIZES["32b"], rms_norm_eps=1e-5),
    **{f"qwen2.5-{size}": config for size, config in _QWEN_SIZES.items()},
    **{f"qwen2.5-coder-{size}": config for size, config in _QWEN_SIZES.items()},
    "qwill-nano": ModelConfig(
        vocab_size=2048,
        hidden_size=192,
        intermediate_size=512,
        num_hidden_layers=6,
        num_attention_heads=6,
        num_key_value_heads=2,
        max_position_embeddings=2048,
        rope_theta=10000.0,
        tie_word_embeddings=True,
        eos_token_id=2045,
        pad_token_id=2043,
    ),
}
"""Known shapes by name. The Qwen2.5 ones are those of the Instruct models (32,768 positions)."""
