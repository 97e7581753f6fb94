"""A small random model, and a tokenizer's texts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch

from qwill.model.config import ModelConfig
from qwill.model.transformer import Transformer

TEXTS = [
    "How many r in strawberry? Wait, let me check.",
    "9.11 和 9.9 哪个大？等一下，我再看看。",
    "Two 🍓 and one 🍋.",
]

TINY = ModelConfig(
    vocab_size=300,
    hidden_size=48,
    intermediate_size=80,
    num_hidden_layers=3,
    num_attention_heads=6,
    num_key_value_heads=2,
    max_position_embeddings=1536,
    tie_word_embeddings=True,
)


def lively(config: ModelConfig, seed: int = 0) -> Transformer:
    """A random model whose next token depends clearly on what it reads."""
    torch.manual_seed(seed)
    model = Transformer(config).eval()
    for parameter in model.parameters():
        parameter.data.normal_(std=0.25 if parameter.ndim == 2 else 0.1)
        if parameter.ndim == 1:
            parameter.data += 1
    return model


def varied(**changes: Any) -> ModelConfig:
    """The tiny model's shape with changes."""
    return replace(TINY, **changes)
