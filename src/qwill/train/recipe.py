"""A training run is one YAML file in which every knob is written out; this reads it and refuses anything else.

`recipes/nano.yaml` says in comments what each knob means and in which unit. Every key must be there, and no other:
a misspelt knob must not train a different model in silence.
"""

from __future__ import annotations

import hashlib
import json
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from qwill.core import Language, RecipeError


@dataclass(frozen=True)
class ModelRecipe:
    """Which architecture: a preset of `qwill.model` and the fields of its configuration to override."""

    preset: str
    overrides: dict[str, Any]


@dataclass(frozen=True)
class TokenizerRecipe:
    """The tokenizer trained first: its vocabulary in tokens, and on how many examples."""

    vocab_size: int
    examples: int


@dataclass(frozen=True)
class DataRecipe:
    """What is trained on; see `recipes/nano.yaml` for every knob."""

    families: dict[str, float]
    languages: dict[str, float]
    styles: dict[str, float]
    max_tokens: int
    buckets: tuple[int, ...]
    tokens_per_microbatch: int
    prompt_loss_weight: float
    worker: bool


@dataclass(frozen=True)
class BudgetRecipe:
    """When training ends: at the first of these limits that is reached; null is no limit."""

    steps: int | None
    tokens: int | None
    cpu_minutes: float | None


@dataclass(frozen=True)
class OptimizerRecipe:
    """How weights move: Muon for the matrices of the layers, AdamW for everything else."""

    microbatches_per_step: int
    muon_lr: float
    muon_momentum: float
    muon_weight_decay: float
    adamw_lr: float
    adamw_betas: tuple[float, float]
    adamw_weight_decay: float
    grad_clip: float | None
    schedule: Literal["stable", "linear", "cosine"]
    warmup_steps: int
    decay_share: float


@dataclass(frozen=True)
class ComputeRecipe:
    """How the arithmetic is done: precision of the matrix products, and threads (null: every core)."""

    precision: Literal["fp32", "bf16", "auto"]
    threads: int | None


@dataclass(frozen=True)
class CheckpointRecipe:
    """Where and how often the state is saved."""

    folder: str
    every_steps: int
    keep: int
    save_dtype: Literal["float32", "bfloat16"]


@dataclass(frozen=True)
class Recipe:
    """A whole training run. `digest` tells two recipes apart that would train differently."""

    name: str
    seed: int
    model: ModelRecipe
    tokenizer: TokenizerRecipe
    data: DataRecipe
    budget: BudgetRecipe
    optimizer: OptimizerRecipe
    compute: ComputeRecipe
    checkpoint: CheckpointRecipe

    @property
    def digest(self) -> str:
        """SHA-256 of everything that shapes the weights: how often they are saved or how many threads work does not."""
        knobs = asdict(self)
        del knobs["checkpoint"], knobs["data"]["worker"], knobs["compute"]["threads"]
        return hashlib.sha256(json.dumps(knobs, sort_keys=True).encode()).hexdigest()


def load_recipe(path: str | Path) -> Recipe:
    """The recipe of a YAML file.

    Raises:
        RecipeError: there is no such file, it is not YAML, or a knob is missing, unknown, of another type or out of
            range; the message names the knob and its line.
    """
    path = Path(path)
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"The recipe {path} cannot be read: {error}.", "Give the path of a YAML file.") from error
    except yaml.YAMLError as error:
        raise RecipeError(f"The recipe {path} is not YAML: {error}") from error
    reader = _Reader(path)
    recipe = reader.build(Recipe, root, "")
    reader.check(recipe)
    assert isinstance(recipe, Recipe)
    return recipe


class _Reader:
    """Builds dataclasses from YAML nodes and remembers on which line each knob stands."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: dict[str, int] = {}

    def fail(self, key: str, message: str) -> RecipeError:
        line = self.lines.get(key)
        where = f"{self.path}, line {line}" if line else str(self.path)
        return RecipeError(f"{where}: {key or 'the recipe'} {message}.", "recipes/nano.yaml explains every knob.")

    def build(self, annotation: Any, node: yaml.Node | None, key: str) -> Any:
        if node is not None:
            self.lines[key] = node.start_mark.line + 1
        origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
        if isinstance(annotation, type) and is_dataclass(annotation):
            return self._dataclass(annotation, node, key)
        if origin is types.UnionType:
            (inner,) = (argument for argument in arguments if argument is not type(None))
            return None if self._is_null(node) else self.build(inner, node, key)
        if origin is dict:
            entries = self._mapping(node, key)
            return {name: self.build(arguments[1], value, f"{key}.{name}") for name, value in entries.items()}
        if origin is tuple:
            if not isinstance(node, yaml.SequenceNode):
                raise self.fail(key, "must be a list")
            if arguments[-1] is not Ellipsis and len(node.value) != len(arguments):
                raise self.fail(key, f"must be a list of {len(arguments)}")
            return tuple(self.build(arguments[0], item, f"{key}[{index}]") for index, item in enumerate(node.value))
        return self._scalar(annotation, node, key)

    def _dataclass(self, annotation: type, node: yaml.Node | None, key: str) -> Any:
        entries = self._mapping(node, key)
        hints = typing.get_type_hints(annotation)
        names = [field.name for field in fields(annotation)]
        prefix = f"{key}." if key else ""
        for name in entries:
            if name not in names:
                self.lines[prefix + name] = entries[name].start_mark.line + 1
                raise self.fail(prefix + name, f"is not a knob; those of {key or 'a recipe'} are {', '.join(names)}")
        for name in names:
            if name not in entries:
                self.lines[prefix + name] = self.lines.get(key, 1)
                raise self.fail(prefix + name, "is missing")
        return annotation(**{name: self.build(hints[name], entries[name], prefix + name) for name in names})

    def _mapping(self, node: yaml.Node | None, key: str) -> dict[str, yaml.Node]:
        if not isinstance(node, yaml.MappingNode):
            raise self.fail(key, "must be a mapping of names to values")
        entries: dict[str, yaml.Node] = {}
        for name, value in node.value:
            if name.value in entries:
                self.lines[key] = name.start_mark.line + 1
                raise self.fail(key, f"names {name.value} twice")
            entries[name.value] = value
        return entries

    @staticmethod
    def _is_null(node: yaml.Node | None) -> bool:
        return node is None or node.tag == "tag:yaml.org,2002:null"

    def _scalar(self, annotation: Any, node: yaml.Node | None, key: str) -> Any:
        loader = yaml.SafeLoader("")
        value = None if node is None else loader.construct_object(node, deep=True)
        if annotation is Any:
            return value
        if typing.get_origin(annotation) is Literal:
            choices = typing.get_args(annotation)
            if value not in choices:
                raise self.fail(key, f"must be one of {', '.join(map(str, choices))}, not {value!r}")
            return value
        if annotation is float and isinstance(value, (int, float, str)) and not isinstance(value, bool):
            try:
                return float(value)  # YAML 1.1 reads 3e-3 as a string
            except ValueError:
                pass
        elif isinstance(value, annotation) and not (annotation is int and isinstance(value, bool)):
            return value
        raise self.fail(key, f"must be of type {annotation.__name__}, not {value!r}")

    def check(self, recipe: Recipe) -> None:
        """Ranges and names that types cannot say."""
        for key, holds, message in _RANGES:
            value: Any = recipe
            for name in key.split("."):
                value = getattr(value, name)
            if not holds(value):
                raise self.fail(key, f"{message}, not {value!r}")
        limits = recipe.budget
        if limits.steps is None and limits.tokens is None and limits.cpu_minutes is None:
            raise self.fail("budget", "must set at least one of steps, tokens and cpu_minutes")
        if recipe.data.max_tokens > recipe.data.buckets[-1]:
            raise self.fail("data.max_tokens", f"must fit the largest bucket, {recipe.data.buckets[-1]}")


def _positive(value: float | None) -> bool:
    return value is None or value > 0


def _not_negative(value: float) -> bool:
    return value >= 0


def _share(value: float) -> bool:
    return 0 <= value <= 1


def _weights(value: Mapping[str, float]) -> bool:
    return all(weight >= 0 for weight in value.values()) and sum(value.values()) > 0


def _languages(value: Mapping[str, float]) -> bool:
    return set(value) <= {language.value for language in Language}


def _styles(value: Mapping[str, float]) -> bool:
    return set(value) <= {"checked", "unchecked", "direct"}


_RANGES: tuple[tuple[str, Callable[[Any], bool], str], ...] = (
    ("name", lambda name: bool(name) and Path(name).name == name and name[0] != ".", "must be a plain folder name"),
    ("seed", _not_negative, "must be 0 or more"),
    ("tokenizer.vocab_size", lambda size: size >= 270, "must hold the 256 bytes and the special tokens (270 or more)"),
    ("tokenizer.examples", _positive, "must be positive"),
    ("data.families", _weights, "must hold weights of 0 or more, not all 0"),
    ("data.languages", _weights, "must hold weights of 0 or more, not all 0"),
    ("data.languages", _languages, "must name languages among en, zh-Hans and zh-Hant"),
    ("data.styles", _weights, "must hold weights of 0 or more, not all 0"),
    ("data.styles", _styles, "must name styles among checked, unchecked and direct"),
    ("data.max_tokens", _positive, "must be positive"),
    ("data.buckets", lambda b: b and b[0] > 0 and list(b) == sorted(set(b)), "must be rising positive lengths"),
    ("data.tokens_per_microbatch", _positive, "must be positive"),
    ("data.prompt_loss_weight", _share, "must lie in [0, 1]"),
    ("budget.steps", _positive, "must be positive or null"),
    ("budget.tokens", _positive, "must be positive or null"),
    ("budget.cpu_minutes", _positive, "must be positive or null"),
    ("optimizer.microbatches_per_step", _positive, "must be positive"),
    ("optimizer.muon_lr", _positive, "must be positive"),
    ("optimizer.muon_momentum", lambda m: 0 <= m < 1, "must lie in [0, 1)"),
    ("optimizer.muon_weight_decay", _not_negative, "must be 0 or more"),
    ("optimizer.adamw_lr", _positive, "must be positive"),
    ("optimizer.adamw_betas", lambda betas: all(0 <= beta < 1 for beta in betas), "must lie in [0, 1)"),
    ("optimizer.adamw_weight_decay", _not_negative, "must be 0 or more"),
    ("optimizer.grad_clip", _positive, "must be positive or null"),
    ("optimizer.warmup_steps", _not_negative, "must be 0 or more"),
    ("optimizer.decay_share", _share, "must lie in [0, 1]"),
    ("compute.threads", _positive, "must be positive or null"),
    ("checkpoint.every_steps", _positive, "must be positive"),
    ("checkpoint.keep", _positive, "must be positive"),
)
