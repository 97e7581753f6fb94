"""`qwill bench serve`: what clients see of a server under load."""

from __future__ import annotations

import asyncio
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from click.testing import CliRunner
from live_server import Live

from qwill.cli import main
from qwill.serve.load import Tally, Target, ask, load


def test_a_running_server_is_measured(nano: Live) -> None:
    result = CliRunner().invoke(main, ["bench", "serve", nano.url, "--clients", "1,3", "--seconds", "0.5"])
    assert result.exit_code == 0, result.output
    title, head, *rows = result.stdout.splitlines()
    assert title.startswith("qwill-nano at ")
    assert head.split()[0] == "clients"
    assert [row.split()[0] for row in rows] == ["1", "3"]
    for row in rows:
        _, answers, rate, *_, errors = row.split()
        assert int(answers) >= 1
        assert float(rate) > 0
        assert errors == "none"


def test_tokens_are_those_that_the_server_counts(nano: Live) -> None:
    tally = Tally()
    target = Target(f"{nano.url}/v1", "qwill-nano", settings={"temperature": 0, "max_tokens": 20})

    async def once() -> str | None:
        async with target.client() as client:
            return await ask(client, target, "How many r in strawberry", tally)

    assert asyncio.run(once()) is not None
    assert 0 < tally.tokens <= 20
    assert len(tally.first) == len(tally.seconds) == 1
    assert 0 <= tally.first[0] <= tally.seconds[0]


@pytest.mark.parametrize(
    ("status", "body", "failure"),
    [
        (429, b"{}", "429"),
        (200, b'data: {"choices": [{"delta": {"content": "x"}}]}\n\n', "broken off"),
        (200, b'data: {"error": {"code": "engine_error"}}\n\n', "engine_error"),
        (200, b"data: {nonsense\n\n", "JSONDecodeError"),
        (200, b'data: {"choices": [{}]}\n\n', "KeyError"),
    ],
)
def test_failures_are_counted_by_their_kind(status: int, body: bytes, failure: str) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        target = Target(f"http://127.0.0.1:{server.server_address[1]}/v1", "m")
        tally = asyncio.run(load(target, clients=2, seconds=0.01))
        server.shutdown()
    assert set(tally.errors) == {failure}
    assert tally.errors[failure] >= 2
    assert not tally.seconds


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["http://127.0.0.1:9/v1#m", "-m", "qwill-nano"], "Both a server and a model"),
        (["--clients", "0"], "not a list of whole numbers"),
        (["http://127.0.0.1:9/v1", "--questions", "EMPTY"], "no question"),
    ],
)
def test_what_cannot_be_measured_is_said(arguments: list[str], message: str, tmp_path: Path) -> None:
    empty = tmp_path / "empty.txt"
    empty.touch()
    named = [str(empty) if argument == "EMPTY" else argument for argument in arguments]
    result = CliRunner().invoke(main, ["bench", "serve", *named])
    assert result.exit_code == 2
    assert message in result.output
