"""A small random model with a real tokenizer, and an engine for them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from tiny_model import TEXTS, TINY, lively

from qwill.engine.native import NativeEngine
from qwill.engine.profiles import NANO
from qwill.model.tokenizer import Tokenizer, train_bpe
from qwill.model.transformer import Transformer


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Models this small gain nothing from threads, and lose much on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    return train_bpe(TEXTS, vocab_size=300)


@pytest.fixture(scope="session")
def model() -> Transformer:
    return lively(TINY)


@pytest.fixture(scope="session")
def endless() -> Tokenizer:
    """The tokenizer without tokens that end a text."""
    endless = train_bpe(TEXTS, vocab_size=300)
    endless.eos_ids = frozenset()
    return endless


@pytest.fixture
def engine(model: Transformer, endless: Tokenizer) -> NativeEngine:
    return NativeEngine(model, endless, name="tiny", profile=NANO)
