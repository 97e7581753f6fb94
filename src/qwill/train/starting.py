"""One function for recipes of every kind, and for several that follow one another."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from rich.console import Console

from qwill.core import RecipeError
from qwill.tasks.base import Family
from qwill.train.recipe import kind_of

_KINDS = {
    "pretraining": ("qwill.train.trainer", "train"),
    "rl": ("qwill.train.rl", "train_by_reward"),
    "sft": ("qwill.train.sft", "train_on_chats"),
    "confidence": ("qwill.train.confidence", "train_confidence"),
}
"""The module and function of each kind; what one kind needs is not loaded for the others."""


def train(
    recipe_path: str | Path,
    out: str | Path | None = None,
    *,
    fresh: bool = False,
    max_steps: int | None = None,
    console: Console | None = None,
    families: Mapping[str, Family[Any]] | None = None,
) -> Path:
    """Train as a recipe says: on generated examples, by reinforcement learning where its knob `kind` is "rl", on chats
    where it is "sft", a confidence head where it is "confidence".

    Arguments, result and errors as in `trainer.train`.

    Args:
        recipe_path: a recipe; or a folder of recipes, the stages of one training in the order of their names, each of
            which may start from the model of the one before (`start: previous`). The result is the last one's folder.
        out: of a folder of recipes, the folder for the runs of all stages.

    Raises:
        RecipeError: there is no such kind, or no recipe in the folder.
    """
    recipe_path = Path(recipe_path)
    if not recipe_path.is_dir():
        return _stage(recipe_path, out, fresh=fresh, max_steps=max_steps, console=console, families=families)
    stages = sorted(recipe_path.glob("*.yaml"))
    if not stages:
        raise RecipeError(f"There is no recipe (*.yaml) in {recipe_path}.")
    run: Path | None = None
    for stage in stages:
        run = _stage(
            stage,
            Path(out) / stage.stem if out is not None else None,
            fresh=fresh,
            max_steps=max_steps,
            console=console,
            families=families,
            previous=run / "model" if run else None,
        )
        if not (run / "model").exists():  # paused by max_steps
            break
    assert run is not None
    return run


def _stage(recipe_path: Path, out: str | Path | None, **options: Any) -> Path:
    kind = kind_of(recipe_path)
    if kind not in _KINDS:
        raise RecipeError(
            f"{recipe_path}: there is no kind {kind}.", f"There are {', '.join(_KINDS)}; left out it is the first."
        )
    module, function = _KINDS[kind]
    run: Path = getattr(import_module(module), function)(recipe_path, out, **options)
    return run
