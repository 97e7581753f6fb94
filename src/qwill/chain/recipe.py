"""Prompt chains as YAML: steps, each a prompt to a model, filled in with what earlier steps wrote.

Everything that can be wrong with a chain is found before a token is spent: unknown keys, steps that need each other in
a circle, a variable that nobody gives, a model that no role names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from jinja2 import StrictUndefined, TemplateError, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from qwill.core import QwillError
from qwill.reason.effort import Level

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_LONGEST_PROMPT = 400_000  # characters


class ChainError(QwillError):
    """A chain is malformed, or a step of it failed."""


@dataclass(frozen=True)
class Step:
    """One step of a chain.

    Attributes:
        id: its name; later steps know it as `{{ id }}` (the answer), `{{ id.thought }}`, `{{ id.json }}`.
        model: the role whose model is asked.
        prompt: Jinja template.
        needs: ids of the steps that its templates mention.
        foreach: Jinja expression that gives a list: the step is done for each `item`, with `index` from 1; "" for once.
        limit: at most so many items; more are an error rather than a surprise.
        when: Jinja expression; the step is left out where it is false; "" for always.
        schema: JSON schema that the answer must fulfil, or None for text.
        effort: as `qwill ask --effort`, or None for one thought.
        budget: most tokens of thought, or None.
        temperature: or None for the model's own.
        retries: how often an answer that does not fulfil the schema is asked for again.
    """

    id: str
    model: str
    prompt: str
    needs: tuple[str, ...]
    foreach: str = ""
    limit: int = 50
    when: str = ""
    schema: Mapping[str, Any] | None = None
    effort: str | None = None
    budget: int | None = None
    temperature: float | None = None
    retries: int = 2


@dataclass(frozen=True)
class Chain:
    """A chain that was checked.

    Attributes:
        name, title: for people.
        inputs: what must be given, and what it means; a default where it has one (else None).
        models: role → model, as `-m` takes it; None where the user must say.
        steps: in an order in which they can be done.
        output: Jinja expression over the steps whose value is the chain's: a step's id, or `revised or draft`.
        query: Jinja template of what to look for in a knowledge set, whose passages are then known as `passages`; ""
            for a chain that looks nothing up.
        passages: most passages to look up.
        prices: role → what a million tokens of prompt, and of text, cost in whatever currency; of roles that have one.
    """

    name: str
    title: str
    inputs: Mapping[str, str | None]
    models: Mapping[str, str | None]
    steps: tuple[Step, ...]
    output: str
    query: str = ""
    passages: int = 8
    prices: Mapping[str, tuple[float, float]] = field(default_factory=dict)


def environment() -> ImmutableSandboxedEnvironment:
    """The Jinja environment of chains: sandboxed, and a missing value is an error."""
    made = ImmutableSandboxedEnvironment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.globals = {name: made.globals[name] for name in ("range", "dict")}
    return made


def shipped() -> dict[str, str]:
    """The chains that come with Qwill: name → title."""
    return {path.name.removesuffix(".yaml"): load_chain(path.name.removesuffix(".yaml")).title for path in _folder()}


def load_chain(name: str | Path) -> Chain:
    """A chain from a file, or a shipped one by its name.

    Raises:
        ChainError: there is none, or it is malformed.
    """
    path = Path(name)
    if path.suffix in (".yaml", ".yml"):
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ChainError(f"{path} cannot be read: {error}.", "Check the path.") from error
        return parse_chain(text, path.stem)
    for known in _folder():
        if known.name == f"{name}.yaml":
            return parse_chain(known.read_text(encoding="utf-8"), str(name))
    names = ", ".join(path.name.removesuffix(".yaml") for path in _folder())
    raise ChainError(f"There is no chain {name}.", f"Give a .yaml file, or one of: {names}.")


def parse_chain(text: str, name: str) -> Chain:
    """A chain from YAML.

    Raises:
        ChainError: it is malformed; says where.
    """
    try:
        whole = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ChainError(f"{name} is no YAML: {error}.", "See docs/chains.md.") from error
    if not isinstance(whole, dict):
        raise ChainError(f"{name} is no chain.", "It needs `models` and `steps`, see docs/chains.md.")
    _only(whole, {"title", "inputs", "models", "steps", "output", "knowledge", "prices"}, name)
    inputs = _names(whole.get("inputs") or {}, name, "inputs")
    roles = _names(whole.get("models") or {}, name, "models")
    models = {role: None if model is None else str(model) for role, model in roles.items()}
    given = whole.get("steps")
    if not isinstance(given, list) or not given:
        raise ChainError(f"{name} has no steps.", "Give at least one.")
    query, passages = _lookup(whole.get("knowledge"), name, set(inputs))
    outside = {*inputs, "passages"} if query else set(inputs)
    steps = {step.id: step for step in (_step(entry, name, outside, models) for entry in given)}
    if len(steps) < len(given):
        raise ChainError(f"{name}: two steps have the same id.", "Give each its own.")
    if clash := steps.keys() & outside:
        raise ChainError(f"{name}: {', '.join(sorted(clash))} is both an input and a step.", "Rename one.")
    order = _ordered(steps, name)
    output = str(whole.get("output") or given[-1]["id"])
    if unknown := _mentioned("{{ " + output + " }}", f"{name}, output") - steps.keys():
        raise ChainError(f"{name}: the output mentions {', '.join(unknown)}, no step.", f"Steps: {', '.join(steps)}.")
    defaults = {key: None if value is None else str(value) for key, value in inputs.items()}
    return Chain(
        name=name, title=str(whole.get("title") or name), inputs=defaults, models=models,
        steps=tuple(steps[i] for i in order), output=output, query=query, passages=passages,
        prices=_prices(whole.get("prices") or {}, name, models),
    )  # fmt: skip


def _prices(entry: Any, name: str, models: Mapping[str, str | None]) -> dict[str, tuple[float, float]]:
    for role, price in _names(entry, name, "prices").items():
        pair = isinstance(price, list) and len(price) == 2
        if role not in models or not pair or not all(isinstance(part, int | float) and part >= 0 for part in price):
            raise ChainError(
                f"{name}: the price of {role} is none.",
                "Give each role what a million tokens of prompt and of text cost: [0.2, 0.8].",
            )
    return {role: (float(reading), float(writing)) for role, (reading, writing) in entry.items()}


def _lookup(entry: Any, name: str, inputs: set[str]) -> tuple[str, int]:
    if entry is None:
        return "", 0
    if not isinstance(entry, dict) or not isinstance(entry.get("query"), str):
        raise ChainError(f"{name}: knowledge needs a query.", 'For example: query: "{{ question }}"')
    _only(entry, {"query", "limit"}, f"{name}, knowledge")
    if unknown := _mentioned(entry["query"], f"{name}, knowledge") - inputs:
        raise ChainError(f"{name}: the query mentions {', '.join(unknown)}, no input.", "It is made from inputs alone.")
    limit = entry.get("limit", 8)
    if not isinstance(limit, int) or limit < 1:
        raise ChainError(f"{name}: knowledge's limit must be 1 or more.", f"It is {limit!r}.")
    return entry["query"], limit


def _step(entry: Any, name: str, inputs: set[str], models: Mapping[str, str | None]) -> Step:
    if not isinstance(entry, dict) or not isinstance(entry.get("id"), str) or not _NAME.fullmatch(entry["id"]):
        raise ChainError(f"{name}: each step needs an id of small letters, digits and _.", f"Not so: {str(entry)[:80]}")
    where = f"{name}, step {entry['id']}"
    known = set(Step.__dataclass_fields__) - {"needs"}
    _only(entry, known, where)
    if not isinstance(entry.get("prompt"), str) or not entry["prompt"].strip():
        raise ChainError(f"{where} has no prompt.", "Give it one.")
    if entry.get("model") not in models:
        raise ChainError(f"{where}: no role {entry.get('model')!r}.", f"Roles under `models`: {', '.join(models)}.")
    schema = entry.get("schema")
    if schema is not None:
        _check_schema(schema, where)
    for key, kind in (("limit", int), ("retries", int), ("budget", int), ("temperature", (int, float))):
        if entry.get(key) is not None and (not isinstance(entry[key], kind) or entry[key] < 0):
            raise ChainError(f"{where}: {key} must be a number that is not negative.", f"It is {entry[key]!r}.")
    if entry.get("effort") is not None and entry["effort"] not in tuple(Level):
        raise ChainError(f"{where}: there is no effort {entry['effort']!r}.", f"There are {', '.join(Level)}.")
    loop = {"item", "index"} if entry.get("foreach") else set()
    mentioned = _mentioned(entry["prompt"], where)
    for key in ("foreach", "when"):
        if entry.get(key):
            mentioned |= _mentioned("{{ " + str(entry[key]) + " }}", where)
    needs = tuple(sorted(mentioned - inputs - loop))
    return Step(**{**entry, "needs": needs})


def _mentioned(template: str, where: str) -> set[str]:
    """Names that a template takes from outside."""
    if len(template) > _LONGEST_PROMPT:
        raise ChainError(f"{where}: the prompt is too long.", f"At most {_LONGEST_PROMPT} characters.")
    made = environment()
    try:
        tree = made.parse(template)
    except TemplateError as error:
        raise ChainError(f"{where}: {error}.", "Prompts are Jinja templates.") from error
    return meta.find_undeclared_variables(tree) - made.globals.keys()


def _ordered(steps: Mapping[str, Step], name: str) -> list[str]:
    for step in steps.values():
        for needed in step.needs:
            if needed not in steps:
                raise ChainError(
                    f"{name}, step {step.id}: nobody gives {needed!r}.", "Declare it under `inputs`, or name a step so."
                )
    try:
        return list(TopologicalSorter({step.id: step.needs for step in steps.values()}).static_order())
    except CycleError as error:
        raise ChainError(f"{name}: steps need each other in a circle: {' → '.join(error.args[1])}.") from error


def _check_schema(schema: Any, where: str) -> None:
    from jsonschema import Draft202012Validator, SchemaError

    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise ChainError(f"{where}: the schema is none: {error.message}.") from error


def _only(entry: Mapping[str, Any], known: set[str], where: str) -> None:
    if unknown := sorted(str(key) for key in entry if key not in known):
        raise ChainError(f"{where}: unknown {', '.join(unknown)}.", f"Known: {', '.join(sorted(known))}.")


def _names(entry: Any, name: str, what: str) -> dict[str, Any]:
    if not isinstance(entry, dict) or not all(isinstance(key, str) and _NAME.fullmatch(key) for key in entry):
        raise ChainError(f"{name}: {what} must map names of small letters to values.")
    return entry


def _folder() -> list[Any]:
    return sorted(
        (path for path in files("qwill.chain").joinpath("chains").iterdir() if path.name.endswith(".yaml")),
        key=lambda path: path.name,
    )
