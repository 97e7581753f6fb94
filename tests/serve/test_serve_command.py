"""`qwill serve` as a command: what it refuses, the key it makes, and a process that serves and ends."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from click.testing import CliRunner
from live_server import QUESTION, live, thinking

from qwill.cli import main
from qwill.core import UsageError
from qwill.serve.keys import KeyRing
from qwill.serve.server import listen, open_engines
from qwill.serve.settings import Settings


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--host", "0.0.0.0"], "others than you"),
        (["--add-key", "ann"], "no file"),
        (["--keys", "nowhere.json"], "cannot be read"),
        (["-m", "no-such-model"], "no model"),
        (["--page", "--host", "0.0.0.0", "--without-keys"], "knows no keys"),
    ],
)
def test_what_cannot_be_served_is_said(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(main, ["serve", "--port", "0", *arguments])
    assert result.exit_code == 2
    assert message in result.output


def test_a_key_is_shown_once_and_works(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    result = CliRunner().invoke(main, ["serve", "--keys", str(path), "--add-key", "ann", "--parallel", "2"])
    assert result.exit_code == 0
    key = KeyRing.load(path).recognise(f"Bearer {result.output.strip()}")
    assert (key.name, key.parallel) == ("ann", 2)
    assert result.output.strip() not in path.read_text()


def test_an_address_in_use_is_named() -> None:
    with listen(Settings(port=0)) as first, pytest.raises(UsageError, match="cannot be listened at"):
        listen(Settings(port=first.getsockname()[1]))


def test_models_have_names() -> None:
    engines = open_engines(["small=qwill-nano", "qwill-nano"])
    assert set(engines) == {"small", "nano"} or set(engines) == {"small", "qwill-nano"}
    for engine in engines.values():
        engine.close()
    with pytest.raises(UsageError, match="called x"):
        open_engines(["x=qwill-nano", "x=qwill-nano"])
    (spread,) = open_engines(["qwill-nano"], "bf16", "cpu,cpu=2+cpu").values()
    assert spread.capabilities.parallel == 128
    spread.close()


def test_a_process_serves_and_ends(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "qwill", "serve", "--port", "0", "--conversations", str(tmp_path / "kept.db")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    body = {"messages": QUESTION, "qwill": {"conversation": "new"}}
    said = httpx.post(f"{url}/chat/completions", json=body, timeout=60, trust_env=False).json()
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=60)
    assert "3" in said["choices"][0]["message"]["content"]
    assert process.returncode in (0, -signal.SIGTERM)
    assert "Traceback" not in log
    assert QUESTION[0]["content"] not in log


def test_conversations_outlive_a_kill(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "qwill", "serve", "--port", "0", "--conversations", str(tmp_path / "kept.db")]

    def started() -> tuple[subprocess.Popen[str], str]:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert process.stdout is not None
        return process, process.stdout.readline().strip()

    def kept(url: str, conversation: str) -> list[str]:
        turns = httpx.get(f"{url}/conversations/{conversation}", timeout=60, trust_env=False).json()["turns"]
        return [part["text"] for turn in turns for part in turn["parts"] if part["type"] == "text"]

    process, url = started()
    body: dict[str, Any] = {"messages": QUESTION, "qwill": {"conversation": "new"}}
    said = httpx.post(f"{url}/chat/completions", json=body, timeout=60, trust_env=False).json()
    conversation, answer = said["qwill"]["conversation"], said["choices"][0]["message"]["content"]
    body = {"messages": QUESTION, "qwill": {"conversation": conversation}, "stream": True}
    with httpx.stream("POST", f"{url}/chat/completions", json=body, timeout=60, trust_env=False) as reply:
        next(reply.iter_lines())
        process.kill()
    process.wait(30)
    process, url = started()
    try:
        assert kept(url, conversation) == [QUESTION[0]["content"], answer]
    finally:
        process.terminate()
        process.wait(60)


@pytest.mark.skipif(find_spec("gradio") is None, reason="the page needs gradio, of the extra web")
def test_the_page_is_served_from_here_alone() -> None:
    with live(thinking(), page=True) as server:
        page = server.client.get("/page/")
        assert page.status_code == 200
        config: dict[str, Any] = server.client.get("/page/config").json()
        assert "fonts.googleapis" not in page.text + json.dumps(config)
        assert server.chat().status_code == 200
