"""The command line. Commands are thin: they read options, call `qwill`, and render events.

Nothing heavy is imported before a command runs, so that `qwill --help` answers at once.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any

import click

from qwill import __version__
from qwill.core.errors import QwillError

COMMANDS = {
    "ask": "qwill.cli.ask",
    "chat": "qwill.cli.chat",
    "serve": "qwill.cli.serve",
    "bench": "qwill.cli.bench",
    "train": "qwill.cli.train",
    "data": "qwill.cli.data",
    "models": "qwill.cli.models",
    "pull": "qwill.cli.pull",
    "doctor": "qwill.cli.doctor",
    "convert": "qwill.cli.convert",
    "engines": "qwill.cli.engines",
    "runs": "qwill.cli.runs",
    "bank": "qwill.cli.bank",
    "replay": "qwill.cli.replay",
    "eval": "qwill.cli.eval",
    "know": "qwill.cli.know",
    "chain": "qwill.cli.chain",
}
"""Each command's name, and the module that holds it as `command`."""

EXIT_ERROR = 2
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells have it
EXIT_BROKEN_PIPE = 141  # 128 + SIGPIPE


class _Commands(click.Group):
    """Loads a command when it is used, and turns expected failures into a message and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = COMMANDS.get(cmd_name)
        return import_module(module).command if module else None

    def invoke(self, ctx: click.Context) -> Any:
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except QwillError as error:
            say_error(error)
            ctx.exit(EXIT_ERROR)
        except BrokenPipeError:
            # Whoever read our output is gone. Python would complain once more when it flushes at the end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(EXIT_BROKEN_PIPE)
        except KeyboardInterrupt:
            click.echo(err=True)
            ctx.exit(EXIT_INTERRUPTED)
        return result


def say_error(error: QwillError) -> None:
    """Print what went wrong and what to do about it."""
    click.echo(f"{click.style('error:', fg='red', bold=True)} {error}", err=True, color=colour_wanted(sys.stderr))


def colour_wanted(stream: Any) -> bool:
    """Whether to style what is written there: a terminal, unless the user asks for no colour (no-color.org)."""
    return bool(stream.isatty()) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="qwill %(version)s")
@click.option(
    "--unsafe-local",
    is_flag=True,
    help="Where there is no sandbox (macOS, Linux without namespaces): run programs that models write all the same, "
    "with limits of time and memory alone. [environment: QWILL_UNSAFE_LOCAL=1]",
)
def main(unsafe_local: bool) -> None:
    """Ask a model that thinks before it answers."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal that lacks a character is no reason to fail
    if unsafe_local:
        from qwill.sandbox import allow_unsafe

        allow_unsafe(True)
