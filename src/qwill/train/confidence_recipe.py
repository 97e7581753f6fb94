"""A run that learns a confidence head is one YAML file, read as strictly as those of pretraining (see `recipe`).

`recipes/confidence/nano.yaml` says in comments what each knob means and in which unit.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from qwill.train.recipe import CheckpointRecipe, Range, check_ranges, not_negative, positive, read_recipe

_EXPLAINED_IN = "recipes/confidence/nano.yaml"


@dataclass(frozen=True)
class ConfidenceRecipe:
    """A whole run. `digest` tells two recipes apart that would train differently."""

    kind: Literal["confidence"]
    name: str
    seed: int
    start: str
    bank: str
    half: Literal["dev", "both"]
    held_out: float
    max_tokens: int
    width: int
    steps: int
    states_per_step: int
    lr: float
    weight_decay: float
    folder: str

    @property
    def checkpoint(self) -> CheckpointRecipe:
        """A run of minutes saves nothing in between."""
        return CheckpointRecipe(self.folder, every_steps=self.steps, keep=1, save_dtype="float32")

    @property
    def digest(self) -> str:
        """SHA-256 of every knob but where the run is kept."""
        knobs = asdict(self)
        del knobs["folder"]
        return hashlib.sha256(json.dumps(knobs, sort_keys=True).encode()).hexdigest()


def load_confidence_recipe(path: str | Path) -> ConfidenceRecipe:
    """The recipe of a YAML file.

    Raises:
        RecipeError: as `recipe.read_recipe`; or a knob is out of range.
    """
    recipe, fail = read_recipe(path, ConfidenceRecipe, _EXPLAINED_IN)
    check_ranges(recipe, _RANGES, fail)
    return recipe


_RANGES: tuple[Range, ...] = (
    ("name", lambda name: bool(name) and Path(name).name == name and name[0] != ".", "must be a plain folder name"),
    ("seed", not_negative, "must be 0 or more"),
    ("start", bool, "must be `packaged`, `previous` or a checkpoint folder"),
    ("bank", bool, "must name a bank or its folder"),
    ("held_out", lambda share: 0 < share <= 0.5, "must lie in (0, 0.5]"),
    ("max_tokens", positive, "must be positive"),
    ("width", positive, "must be positive"),
    ("steps", positive, "must be positive"),
    ("states_per_step", positive, "must be positive"),
    ("lr", positive, "must be positive"),
    ("weight_decay", not_negative, "must be 0 or more"),
)
