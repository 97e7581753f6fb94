"""Opens a model in whichever format it is kept."""

from __future__ import annotations

from pathlib import Path

import torch

from qwill.model.checkpoint import load_model
from qwill.model.files import is_gguf
from qwill.model.tokenizer import Tokenizer
from qwill.model.transformer import Transformer


def open_checkpoint(
    path: str | Path, dtype: torch.dtype = torch.float32, device: str | torch.device = "cpu"
) -> tuple[Transformer, Tokenizer]:
    """A model in evaluation mode, and its tokenizer.

    Args:
        path: a checkpoint folder in Hugging Face's layout with its tokenizer, or a GGUF file.
        dtype: of the weights in memory.
        device: where they go.

    Raises:
        CheckpointError: it holds no model that can be run.
    """
    if is_gguf(Path(path)):
        from qwill.model.gguf import load_gguf  # with the library that knows GGUF's quantisations

        return load_gguf(path, dtype, device)
    tokenizer = Tokenizer.load(path)
    return load_model(path, dtype, device), tokenizer
