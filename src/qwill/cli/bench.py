"""`qwill bench`: what a server does under load."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qwill.core.errors import EngineError, UsageError

_ENDS_WITHIN = 60  # seconds from the wish to the end of a server that was started here

if TYPE_CHECKING:
    from qwill.serve.load import Target


class _Counts(click.ParamType[tuple[int, ...]]):
    name = "numbers"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        try:
            counts = tuple(int(number) for number in str(value).split(","))
        except ValueError:
            counts = ()
        if not counts or min(counts) < 1:
            self.fail(f"{value!r} is not a list of whole numbers such as 1,8,64.", param, ctx)
        return counts


@click.group("bench")
def command() -> None:
    """Measure a server."""


@command.command("serve")
@click.argument("url", required=False)
@click.option(
    "-m", "--model", metavar="MODEL", help="Start a server with this model, as for `qwill ask`, and measure that."
)
@click.option(
    "--clients", type=_Counts(), default="1,4,16,64", show_default=True, help="Clients at once, run after run."
)
@click.option(
    "--seconds", type=click.FloatRange(min=0, min_open=True), default=20.0, show_default=True, help="Of each run."
)
@click.option("--max-tokens", type=click.IntRange(min=1), help="Of an answer with its thought.")
@click.option(
    "--questions",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE",
    help="One a line. [default: eight short ones in English and Chinese]",
)
def serve(
    *,
    url: str | None,
    model: str | None,
    clients: tuple[int, ...],
    seconds: float,
    max_tokens: int | None,
    questions: Path | None,
) -> None:
    """Time to first token, tokens/s and errors with growing numbers of clients.

    URL is http://HOST:PORT/v1#MODEL, of a server that runs: Qwill's or any that streams chat completions as OpenAI
    does; QWILL_API_KEY in the environment is its key. Without URL a server is started for the time of the measurement.
    Answers are drawn greedily.
    """
    if url and model:
        raise UsageError("Both a server and a model to start one with were given.", "Leave out URL, or -m.")
    from qwill.serve.load import QUESTIONS

    asked: tuple[str, ...] = QUESTIONS
    if questions:
        asked = tuple(filter(None, questions.read_text("utf-8").splitlines()))
        if not asked:
            raise UsageError(f"There is no question in {questions}.", "Write one on each line.")
    settings = {"temperature": 0} | ({"max_tokens": max_tokens} if max_tokens else {})
    if url:
        _measure(_target(url, settings), clients, seconds, asked)
    else:
        with _started(model) as address:
            _measure(_target(address, settings), clients, seconds, asked)


def _target(url: str, settings: Mapping[str, int]) -> Target:
    """The server at an address, asked for its model where the address names none."""
    import asyncio

    from qwill.engine.address import parse_address
    from qwill.engine.endpoint import key_for, open_endpoint
    from qwill.engine.transport import Patience
    from qwill.serve.load import Target

    async def found() -> Target:
        endpoint = await open_endpoint(parse_address(url), key=None, context=None, patience=Patience(), parallel=1)
        await endpoint.close()
        return Target(endpoint.address.base, endpoint.address.model, key_for(endpoint.address), settings)

    return asyncio.run(found())


@contextmanager
def _started(model: str | None) -> Iterator[str]:
    """The address of a `qwill serve` on a free port, which ends with the context.

    Raises:
        EngineError: it did not come up.
    """
    import signal
    import subprocess
    from tempfile import TemporaryFile

    command = [sys.executable, "-m", "qwill", "serve", "--port", "0", *(["-m", model] if model else [])]
    with TemporaryFile("w+") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            if not address:
                process.wait()
                log.seek(0)
                raise EngineError(f"The server did not start. It said:\n{log.read().strip().removeprefix('error: ')}")
            yield address
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(_ENDS_WITHIN)
            except subprocess.TimeoutExpired:
                process.kill()


def _measure(target: Target, clients: Sequence[int], seconds: float, questions: Sequence[str]) -> None:
    """Print the table, a row after each run."""
    import asyncio

    from rich.console import Console

    from qwill.serve.load import load

    progress = Console(stderr=True)
    click.echo(f"{target.model} at {target.base}")
    click.echo("clients  answers  tokens/s  first token, ms: 50%   90%   99%  errors")
    for count in clients:
        with progress.status(f"{count} clients, {seconds:g} seconds"):
            tally = asyncio.run(load(target, count, seconds, questions))
        first = tally.first_ms()
        waited = "".join(f"{ms:6.0f}" for ms in first) if first else f"{'–':>18}"
        errors = ", ".join(f"{number} × {kind}" for kind, number in tally.errors.items()) or "none"
        click.echo(f"{count:7}  {len(tally.seconds):7}  {tally.tokens / tally.elapsed:8.0f}  {'':11}{waited}  {errors}")
