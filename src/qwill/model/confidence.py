"""How likely a thought is to end in a right answer, read from the model's own state while it thinks.

A small network beside a checkpoint, in `confidence.safetensors`, reads the hidden state that is about to end a step of
the thought and how surprising the tokens so far were to the model itself. Heads of this kind: Kadavath et al. 2022,
"Language Models (Mostly) Know What They Know". It is learnt from verified samples (`qwill.train.confidence`), and says
something at the ends of steps only: before a line break, and before the end of the thought.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from qwill.core import CheckpointError
from qwill.model.files import Replacement
from qwill.model.safetensors_file import SafetensorsFile, write_safetensors

FILE = "confidence.safetensors"
SURPRISES = 4
"""Numbers that `Surprise.features` gives."""
_SMALLEST_MEAN = 1e-4  # nats; texts of certain tokens have a logarithm then


@dataclass
class Surprise:
    """How unlikely the tokens of a growing text were to the model that wrote them.

    Attributes:
        total: sum of their negative log-probabilities at temperature 1, in nats.
        greatest: the largest of them.
        tokens: how many there are.
    """

    total: float = 0.0
    greatest: float = 0.0
    tokens: int = 0

    def add(self, logprob: float) -> None:
        """Take in the natural log-probability of the next token."""
        self.total -= logprob
        self.greatest = max(self.greatest, -logprob)
        self.tokens += 1

    def features(self) -> tuple[float, float, float, float]:
        """All of it, the greatest, the mean and the length, each as a logarithm."""
        mean = self.total / max(self.tokens, 1)
        return (
            math.log1p(self.total),
            math.log1p(self.greatest),
            math.log(mean + _SMALLEST_MEAN),
            math.log1p(self.tokens),
        )


class ConfidenceHead(nn.Module):
    """Hidden state and surprise to the log-odds of a right answer.

    Args:
        hidden_size: of the model.
        width: of the one inner layer.
    """

    def __init__(self, hidden_size: int, width: int) -> None:
        super().__init__()
        self.inner = nn.Linear(hidden_size + SURPRISES, width)
        self.outer = nn.Linear(width, 1)

    def forward(self, x_ND: Tensor, surprises_NS: Tensor) -> Tensor:
        """Log-odds (N) from hidden states (N, D) after the final norm, of any scale, and `Surprise.features` (N, S)."""
        scaled_ND = F.layer_norm(x_ND.float(), x_ND.shape[-1:])
        inner_NW = F.silu(self.inner(torch.cat([scaled_ND, surprises_NS], dim=-1)))
        log_odds_N: Tensor = self.outer(inner_NW).squeeze(-1)
        return log_odds_N

    def calibrate(self, slope: float, offset: float) -> None:
        """Make the log-odds `slope · (what they are) + offset` from here on."""
        with torch.no_grad():
            self.outer.weight.mul_(slope)
            self.outer.bias.mul_(slope).add_(offset)

    @torch.no_grad()
    def probability(self, x_D: Tensor, surprise: Surprise) -> float:
        """Of a right answer, for one state."""
        surprises_S = torch.tensor(surprise.features(), device=x_D.device)
        return float(torch.sigmoid(self(x_D[None], surprises_S[None])))


def save_head(head: ConfidenceHead, folder: str | Path) -> None:
    """Put a head beside a checkpoint.

    Raises:
        CheckpointError: it cannot be written; what was there before is untouched.
    """
    with Replacement() as files:
        files.write(Path(folder) / FILE, partial(write_safetensors, tensors=head.state_dict(), dtype=torch.float32))
        files.commit()


def load_head(folder: str | Path, hidden_size: int) -> ConfidenceHead | None:
    """The head beside a checkpoint, or None where there is none.

    Raises:
        CheckpointError: it is damaged, or made for a model of another width.
    """
    path = Path(folder) / FILE
    if not path.is_file():
        return None
    with SafetensorsFile(path) as file:
        shapes = {name: entry.shape for name, entry in file.entries.items()}
        width = shapes.get("inner.bias", (0,))[0]
        head = ConfidenceHead(hidden_size, width)
        expected = {name: tuple(tensor.shape) for name, tensor in head.state_dict().items()}
        if shapes != expected:
            raise CheckpointError(
                f"{path} is not a confidence head for a model of width {hidden_size}.",
                "Train it for this model, or take the file away.",
            )
        weights = {name: torch.empty(shape) for name, shape in expected.items()}
        for name, tensor in weights.items():
            file.read_into(name, tensor)
    head.load_state_dict(weights)
    return head.eval().requires_grad_(False)
