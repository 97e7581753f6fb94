"""`qwill chain`: run prompt chains, and look at them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from qwill.chain import Chain, Done, Piece, Said


@click.group("chain")
def command() -> None:
    """Prompt chains: a reasoning model feeding lighter ones."""


@command.command("run")
@click.argument("name")
@click.argument("inputs", nargs=-1, metavar="[INPUT=VALUE]...")
@click.option("--model", "models", multiple=True, metavar="ROLE=MODEL", help="Another model for a role.")
@click.option("--knowledge", metavar="SET", help="Where a chain looks things up (see `qwill know`).")
@click.option("--dry-run", is_flag=True, help="Show what would be asked of whom, and ask nothing.")
@click.option("--no-cache", is_flag=True, help="Ask everything again, and keep nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print every step's result as a JSON line.")
def run(  # noqa: PLR0917 - one for each option
    name: str, inputs: tuple[str, ...], models: tuple[str, ...], knowledge: str | None, dry_run: bool, no_cache: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Run the chain NAME (a shipped one, or a .yaml file). INPUT=@FILE takes the value from a file."""
    from qwill.api import open_model
    from qwill.chain import Runner, as_text, filled_inputs, load_chain, lookup, outcome, resolved_models

    chain = load_chain(name)
    given = {key: _value(value) for key, value in _pairs(inputs)}
    roles = dict(_pairs(models))
    values, resolved = filled_inputs(chain, given), resolved_models(chain, roles)
    if dry_run:
        _show_plan(chain, values, resolved)
        return
    runner = Runner(open_model, None if no_cache else _cache(), lookup(knowledge) if knowledge else None)
    with _Progress() as progress:
        for done in runner.run(chain, given, roles, watch=progress.watch):
            progress.note(done)
            if as_json:
                click.echo(_record(done))
    click.echo(progress.together(), err=True)
    if not as_json:
        click.echo(as_text(outcome(chain, progress.results)))


@command.command("list")
def listed() -> None:
    """The chains that come with Qwill."""
    from qwill.chain import shipped

    for name, title in shipped().items():
        click.echo(f"{name:20} {title}")


@command.command("show")
@click.argument("name")
def show(name: str) -> None:
    """What a chain needs and does."""
    from qwill.chain import load_chain

    chain = load_chain(name)
    click.echo(chain.title)
    for key, default in chain.inputs.items():
        click.echo(f"  input {key}" + ("" if default is None else f" = {default}"))
    for role, model in chain.models.items():
        click.echo(f"  model {role} = {model or '(to be given)'}")
    for step in chain.steps:
        marks = [f"foreach {step.foreach}"] * bool(step.foreach) + [f"when {step.when}"] * bool(step.when)
        marks += ["JSON"] * (step.schema is not None)
        click.echo(f"  step {step.id} ({', '.join([step.model, *marks])}) after {', '.join(step.needs) or 'nothing'}")
    click.echo(f"  output {chain.output}")


@command.command("graph")
@click.argument("name")
@click.option("--svg", type=click.Path(path_type=Path, dir_okay=False), help="Write a picture instead of Mermaid text.")
def graph(name: str, svg: Path | None) -> None:
    """A chain as a Mermaid flowchart, or as SVG."""
    from qwill.chain import as_mermaid, as_svg, load_chain
    from qwill.runs.files import write_text

    chain = load_chain(name)
    if svg is None:
        click.echo(as_mermaid(chain))
    else:
        write_text(svg, as_svg(chain))


def _pairs(texts: tuple[str, ...]) -> list[tuple[str, str]]:
    from qwill.core import UsageError

    for text in texts:
        if "=" not in text:
            raise UsageError(f"{text!r} gives nothing.", "Write NAME=VALUE.")
    return [(text.split("=", 1)[0], text.split("=", 1)[1]) for text in texts]


def _value(text: str) -> str:
    from qwill.core import UsageError

    if not text.startswith("@"):
        return text
    try:
        return Path(text[1:]).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{text[1:]} cannot be read: {error}.", "Check the path.") from error


def _cache() -> Path:
    import os

    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return home / "qwill" / "chains.jsonl"


class _Progress:
    """What is being written, on a terminal's last line; then a line for each step and one for all of them."""

    def __init__(self) -> None:
        from rich.console import Console

        self.results: dict[str, Said | list[Said] | None] = {}
        self._done: list[Done] = []
        self._written = 0
        self._status = Console(stderr=True).status("")

    def __enter__(self) -> _Progress:
        self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._status.stop()

    def watch(self, piece: Piece) -> None:
        """Count what is written; from any thread."""
        self._written = self._written + len(piece.text) if piece.text else 0
        self._status.update(f"{piece.step}: {self._written} characters")

    def note(self, done: Done) -> None:
        """Say what a step came to."""
        self.results[done.step] = done.result
        self._done.append(done)
        click.echo(_line(done), err=True)

    def together(self) -> str:
        """What the whole run took, without what was kept from before."""
        costs = [done.cost for done in self._done if done.cost is not None]
        cost = f", cost {sum(costs):.6f}" if costs else ""
        return f"together: {sum(done.seconds for done in self._done):.1f} s{cost}"


def _record(done: Done) -> str:
    import json
    from dataclasses import asdict

    from qwill.chain import all_of

    record: dict[str, Any] = {"step": done.step, "kept": done.kept, "seconds": round(done.seconds, 3)}
    record |= {"cost": done.cost, "said": [asdict(said) for said in all_of(done.result)]}
    return json.dumps(record, ensure_ascii=False)


def _line(done: Done) -> str:
    from qwill.chain import all_of

    said = all_of(done.result)
    if done.result is None:
        return f"{done.step}: left out"
    read, thought = sum(s.prompt_tokens for s in said), sum(s.thinking_tokens for s in said)
    tries = max((s.tries for s in said), default=1)
    parts = [f"{done.step}: read {read} tokens, thought {thought}, answered {sum(s.answer_tokens for s in said)}"]
    parts += [f"{len(said)} items"] * isinstance(done.result, list) + [f"{tries} tries"] * (tries > 1)
    parts += [f"{done.kept} of {len(said)} kept from before"] * bool(done.kept) + [f"{done.seconds:.1f} s"]
    return ", ".join(parts + ([] if done.cost is None else [f"cost {done.cost:.6f}"]))


def _show_plan(chain: Chain, values: dict[str, str], models: dict[str, str]) -> None:
    from qwill.chain import as_asked

    for name, value in values.items():
        click.echo(f"{name} = {value[:200]}")
    for number, step in enumerate(chain.steps, 1):
        notes = [f"for each of {step.foreach}, at most {step.limit}"] * bool(step.foreach)
        notes += [f"if {step.when}"] * bool(step.when)
        click.echo(f"\n{number}. {step.id} asks {models[step.model]}" + (f" ({'; '.join(notes)})" if notes else ""))
        click.echo(as_asked(chain, step, values).rstrip())
