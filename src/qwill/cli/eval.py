"""`qwill eval`: run benchmarks, compare runs, print what was published."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qwill.cli.options import model_options, running_options

if TYPE_CHECKING:
    from qwill.engine.protocol import Engine
    from qwill.evaluate.evaluation import Evaluation

_EVERY = (30.0, 1.0)  # seconds between lines of a log, and between changes of a bar


class _RunByDefault(click.Group):
    """`qwill eval gsm8k` means `qwill eval run gsm8k`."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and args[0] not in self.commands:
            args = ["run", *args]
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as error:
            if error.name not in ("scipy", "matplotlib"):
                raise
            from qwill.core import UsageError

            raise UsageError(f"Evaluation needs {error.name}.", "pip install 'qwill[eval]'") from error


@click.group("eval", cls=_RunByDefault, invoke_without_command=False)
def command() -> None:
    """Benchmarks by their published protocols, with intervals.

    qwill eval math500 aime24 -m MODEL --protocol qwq-32b
    """


@command.command("run")
@click.argument("benchmarks", nargs=-1, required=True)
@model_options
@running_options
@click.option("--protocol", default="quick", show_default=True, help="qwq-preview, qwq-32b, open-r1 or quick.")
@click.option(
    "--data", type=click.Path(path_type=Path, file_okay=False), help="Folder with data. [default: $QWILL_DATA]"
)
@click.option(
    "--limit", type=click.IntRange(min=1), help="At most N problems of each benchmark, the same ones each time."
)
@click.option("--samples", type=click.IntRange(min=1), help="Samples a problem, instead of the protocol's.")
@click.option("--max-tokens", type=click.IntRange(min=1), help="Most tokens a sample, instead of the protocol's.")
@click.option("--bank", type=click.Path(path_type=Path), help="A sample bank to take samples from and to add them to.")
@click.option("--resume", metavar="RUN", help="Go on with this run (see `qwill runs list`), or `last`.")
@click.option(
    "--effort",
    type=click.Choice(("auto", "none", "low", "medium", "high", "max")),
    help="Answer as `qwill ask` does, with this effort, instead of with the model's bare text.",
)
@click.option(
    "--executor",
    type=click.Choice(("local", "ray")),
    default="local",
    show_default=True,
    help="Where the model runs: here, or on the workers of a Ray cluster (RAY_ADDRESS, else one begun here).",
)
@click.option("--workers", type=click.IntRange(min=1), default=2, show_default=True, help="Of the cluster.")
@click.option("--show-private", is_flag=True, help="Write texts of benchmarks down whose authors ask not to (GPQA).")
def run(  # noqa: PLR0917 - one for each option
    benchmarks: tuple[str, ...], model: str | None, budget: int | None, seed: int | None, temperature: float | None,
    precision: str | None, device: str | None, protocol: str, data: Path | None, limit: int | None, samples: int | None,
    max_tokens: int | None, bank: Path | None, resume: str | None, effort: str | None, executor: str, workers: int,
    show_private: bool,
) -> None:  # fmt: skip
    """Ask the problems of BENCHMARKS, grade the answers, and write a report."""
    from contextlib import ExitStack

    from qwill.api import model_path
    from qwill.bank.fingerprint import identity_of
    from qwill.core import UsageError
    from qwill.engine.address import is_remote
    from qwill.evaluate.benchmark import chosen
    from qwill.evaluate.benchmarks import BENCHMARKS
    from qwill.evaluate.evaluation import Evaluation
    from qwill.evaluate.protocol import protocol_named
    from qwill.evaluate.report import write_report
    from qwill.evaluate.settings import Settings, check_same
    from qwill.runs import Bank, RunFolder, find_run

    if budget is not None:
        raise UsageError("A protocol has no budget of thought alone.", "Use --max-tokens.")
    wanted, asked = chosen(benchmarks, BENCHMARKS), protocol_named(protocol)
    engine = _opened(model, precision, device, executor, workers)
    files = None if is_remote(model) else model_path(model)
    settings = Settings(
        benchmarks=benchmarks, protocol=protocol, model=identity_of(engine, files, precision),
        seed=seed or 0, limit=limit, samples=samples, max_tokens=max_tokens, temperature=temperature,
        show_private=show_private, effort=effort,
    )  # fmt: skip
    if resume:
        folder = find_run(resume)
        check_same(settings, folder)
    else:
        folder = RunFolder.create(None, "eval", settings.as_json())
    with ExitStack() as stack:
        kept = None
        if bank is not None:
            stack.enter_context(Bank.filling(bank))
            kept = Bank(bank)
            stack.callback(kept.close)
        evaluation = Evaluation(folder, settings, protocol=asked, benchmarks=wanted, data=data, bank=kept)
        _announce(evaluation, folder.name)
        finished = _watch(evaluation, engine)
        markdown, page = write_report(folder.path, settings.as_json(), evaluation.records)
        click.echo(markdown.read_text(encoding="utf-8"))
        click.echo(f"Report: {page}", err=True)
        if finished:
            folder.finish({"report": str(page), "samples": len(evaluation.records)})
        else:
            click.echo(f"Not finished. Go on with: --resume {folder.name}", err=True)
    engine.close()


@command.command("compare")
@click.argument("first")
@click.argument("second")
def compare_runs(first: str, second: str) -> None:
    """How much better run SECOND is than run FIRST, problem by problem."""
    from qwill.core import UsageError
    from qwill.evaluate.summary import compare

    differences = compare(_records(first), _records(second))
    if not differences:
        raise UsageError("The two runs have no benchmark in common.", "Compare runs of the same benchmarks.")
    for benchmark, found in differences.items():
        line = (
            f"{benchmark}: {100 * found.value:+.1f} points [{100 * found.low:+.1f}, {100 * found.high:+.1f}], "
            f"p = {found.p:.3f}, {found.problems} problems"
        )
        click.echo(line)
        if found.low <= 0 <= found.high and found.deviation:
            click.echo(f"  Seeing a difference of 3 points would take {found.problems_needed(0.03)} problems.")


@command.command("table")
@click.argument("runs", nargs=-1)
def table(runs: tuple[str, ...]) -> None:
    """Published figures, with the figures of RUNS beside them."""
    from rich.console import Console
    from rich.table import Table

    from qwill.evaluate.published import PUBLISHED
    from qwill.evaluate.summary import summaries
    from qwill.runs import find_run

    shown = Table("model", "benchmark", "right, %", "source and settings", title="Ours beside the published figures")
    for name in runs:
        settings = find_run(name).settings
        for summary in summaries(_records(name)):
            whose = "" if "imported" in settings else "measured here: "
            how = f"{whose}{settings['protocol']}, {summary.accuracy.problems} problems × {summary.samples}"
            shown.add_row(settings["model"], summary.benchmark, str(summary.accuracy), how)
    shown.add_section()
    for row in PUBLISHED:
        shown.add_row(row.model, row.benchmark, f"{row.percent:.1f}", f"{row.source}; {row.settings}")
    Console().print(shown)


@command.command("report")
@click.argument("name", metavar="RUN")
def report(name: str) -> None:
    """Write the report of RUN again, from its records."""
    from qwill.evaluate.report import write_report
    from qwill.runs import find_run

    folder = find_run(name)
    for path in write_report(folder.path, folder.settings, _records(name)):
        click.echo(path)


@command.command("import")
@click.argument("log", type=click.Path(exists=True, path_type=Path))
@click.option("--metric", help="The log's score that says what is right, where it has several.")
def import_log(log: Path, metric: str | None) -> None:
    """Make a run of a LOG of lm-evaluation-harness (samples_*.jsonl) or inspect_ai (.json, .eval), or of a bank."""
    from qwill.evaluate.imports import read_log
    from qwill.evaluate.report import as_markdown, write_report
    from qwill.evaluate.settings import Settings
    from qwill.evaluate.summary import summaries
    from qwill.runs import RunFolder

    for found in read_log(log, metric):
        names = tuple(sorted({record["benchmark"] for record in found.records}))
        settings = Settings(benchmarks=names, protocol=f"imported ({found.source})", model=found.model).as_json()
        settings["imported"] = {"from": str(log.resolve()), "how": dict(found.how)}
        folder = RunFolder.create(None, "eval", settings)
        for record in found.records:
            folder.journal.append(record, durable=False)
        _, page = write_report(folder.path, settings, found.records)
        folder.finish({"report": str(page), "samples": len(found.records)})
        click.echo(as_markdown(settings, summaries(found.records)))
        click.echo(f"Run {folder.name}, report: {page}", err=True)


@command.command("export")
@click.argument("name", metavar="RUN")
@click.option("--format", "format_name", required=True, help="human-eval or livecodebench.")
@click.option("-o", "--output", type=click.File("w", encoding="utf-8"), default="-", help="[default: printed]")
def export(name: str, format_name: str, output: Any) -> None:
    """Write the programs of RUN for an official grader."""
    from qwill.evaluate.exports import exported

    output.write(exported(_records(name), format_name))


@command.command("list")
def listed() -> None:
    """The benchmarks, and what is known to be wrong with them."""
    from qwill.evaluate.benchmarks import BENCHMARKS

    for benchmark in BENCHMARKS.values():
        click.echo(f"{benchmark.name:16} {benchmark.title}. {benchmark.source}")
        for erratum in benchmark.errata:
            click.echo(f"{'':16} ! {erratum}")


def _opened(model: str | None, precision: str | None, device: str | None, executor: str, workers: int) -> Engine:
    from functools import partial

    from qwill.api import open_model
    from qwill.core import UsageError
    from qwill.engine.address import is_remote

    if executor == "local":
        return open_model(model, precision, device)
    if is_remote(model):
        raise UsageError("A model on a server needs no cluster of ours.", "Leave --executor ray out.")
    from qwill.evaluate.cluster import ClusterEngine

    return ClusterEngine(partial(open_model, model, precision, device), workers)


def _records(name: str) -> Sequence[dict[str, Any]]:
    from qwill.runs import find_run

    by_sample = {(r["benchmark"], r["id"], r["sample"]): r for r in find_run(name).journal.read()}
    return list(by_sample.values())


def _announce(evaluation: Evaluation, run: str) -> None:
    """What is going to happen, before anything is spent."""
    missing, tasks = evaluation.missing, evaluation.tasks
    click.echo(
        f"Run {run}: {len(missing)} of {len(tasks)} samples to ask, at most {evaluation.max_tokens} tokens each.",
        err=True,
    )
    protocol = evaluation.protocol
    click.echo(f"Protocol {protocol.name}: {protocol.source}. {protocol.unstated}".rstrip(), err=True)
    for name, lines in evaluation.malformed.items():
        for line in lines[:5]:
            click.echo(f"{name}: left out, {line}", err=True)
        if len(lines) > 5:
            click.echo(f"{name}: {len(lines) - 5} more rows left out", err=True)


def _watch(evaluation: Evaluation, engine: Any) -> bool:
    """Run it with a bar that shows accuracy so far; Ctrl-C ends it gently. Returns whether everything was asked."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    asked_to_stop = False

    def stop(*_: object) -> None:
        nonlocal asked_to_stop
        asked_to_stop = True
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a second one ends at once

    before = signal.signal(signal.SIGINT, stop)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    total = len(evaluation.missing)
    watched = sys.stderr.isatty()
    began, tokens = time.monotonic(), 0
    shown = began
    try:
        with Progress(*columns, console=Console(stderr=True), disable=not watched) as progress:
            bar = progress.add_task("", total=total)
            for done, record in enumerate(evaluation.run(engine, stopped=lambda: asked_to_stop), 1):
                tokens += record["tokens"]
                if (now := time.monotonic()) - shown > _EVERY[watched] or done == total:
                    shown = now
                    line = f"{_so_far(evaluation)}, {tokens / max(now - began, 1e-9):.0f} tokens/s"
                    progress.update(bar, completed=done, description=line)
                    if not watched:
                        click.echo(f"{done} of {total}: {line}", err=True)
    finally:
        signal.signal(signal.SIGINT, before)
    return not evaluation.missing


def _so_far(evaluation: Evaluation) -> str:
    from qwill.evaluate.summary import summaries

    return "; ".join(f"{summary.benchmark} {summary.accuracy}" for summary in summaries(evaluation.records)) or "…"
