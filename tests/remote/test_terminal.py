"""Ctrl-C typed at a real terminal while a model on a server thinks: the terminal stays as it was."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import termios

import pytest
from conftest import Serve
from fake_server import Reply
from stream_shapes import chunk, sse

_BEGIN = (
    "import os, runpy, signal; os.login_tty(0); "
    "signal.signal(signal.SIGINT, signal.default_int_handler); "  # whoever runs the tests in the background ignores it
    "runpy.run_module('qwill', run_name='__main__')"
)


@pytest.mark.skipif(sys.platform == "win32", reason="terminals of Unix")
def test_ctrl_c_leaves_the_terminal_as_it_was(serve: Serve) -> None:
    server = serve(Reply([sse(chunk("m", {"reasoning": "hmm "}), done=False)], ends="hangs"))
    leader, follower = pty.openpty()
    before = termios.tcgetattr(follower)
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"} | {"TERM": "xterm"}
    command = [sys.executable, "-c", _BEGIN, "ask", "-m", server.url, "How many?"]
    # the terminal is the program's own, so that Ctrl-C comes from it, as it does for people
    asked = subprocess.Popen(command, stdin=follower, stdout=follower, stderr=follower, env=environment)
    shown = b""
    try:
        for awaited, keys in ((b"hmm", b"\x03"), (b"answer now", b"\x03\x03")):
            while awaited not in shown:
                assert asked.poll() is None, shown.decode(errors="replace")
                if select.select([leader], [], [], 0.1)[0]:
                    shown += os.read(leader, 4096)
            os.write(leader, keys)
        while asked.poll() is None:
            if select.select([leader], [], [], 0.1)[0]:
                shown += os.read(leader, 4096)
        assert asked.returncode == 130
        assert termios.tcgetattr(follower) == before
        while select.select([leader], [], [], 0)[0]:
            shown += os.read(leader, 4096)
    finally:
        asked.kill()
        asked.wait()
        os.close(leader)
        os.close(follower)
    assert b"Traceback" not in shown
    assert b"\x1b[2m" in shown
    assert shown.rfind(b"\x1b[0m") > shown.rfind(b"\x1b[2m")  # nothing stays dimmed
    assert b"\x1b[?" not in shown  # no cursor hidden, no other screen
