"""A chain whose process is killed in the middle goes on without asking twice for what was answered."""

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

RUN = """
import os, signal, sys
from pathlib import Path
sys.path.append(sys.argv[1])
from scripted import ScriptedEngine, script
from qwill.chain import Runner, load_chain
from qwill.engine.profiles import PLAIN

folder, lives = Path(sys.argv[2]), int(sys.argv[3])
asked = os.open(folder / "asked.txt", os.O_CREAT | os.O_APPEND | os.O_WRONLY)
seen = []

class Paid(ScriptedEngine):
    def stream(self, requests):
        seen.append(1)
        if len(seen) > lives:
            os.kill(os.getpid(), signal.SIGKILL)
        os.write(asked, requests[0].messages[-1].content.encode() + b"\\n")
        self.scripts = [script("answer to " + requests[0].messages[-1].content)]
        return super().stream(requests)

engine = Paid([], profile=PLAIN, name="A")
chain = load_chain(folder / "long.yaml")
for done in Runner(lambda name: engine, folder / "kept.jsonl").run(chain, {}):
    print(done.step, done.kept, done.result, flush=True)
"""
CHAIN = """
models: {m: A}
steps:
  - {id: first, model: m, prompt: "one"}
  - {id: each, model: m, foreach: "['a', 'b', 'c', 'd']", prompt: "{{ item }} after {{ first }}"}
  - {id: last, model: m, prompt: "last of {{ each|length }}"}
"""


def test_a_killed_run_goes_on_and_pays_for_nothing_twice(tmp_path: Path) -> None:
    (tmp_path / "long.yaml").write_text(CHAIN)
    scripts = str(Path(__file__).resolve().parents[1] / "reason")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(os.path.abspath(path) for path in sys.path)}

    def run(lives: int) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", RUN, scripts, str(tmp_path), str(lives)]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert run(1).returncode == -signal.SIGKILL
    assert run(2).returncode == -signal.SIGKILL
    last = run(100)
    assert last.returncode == 0, last.stderr
    first, each, end = last.stdout.splitlines()
    assert first == "first 1 answer to one"
    assert each.startswith("each 2 ")
    assert end == "last 0 answer to last of 4"
    asked = Counter((tmp_path / "asked.txt").read_text().splitlines())
    assert len(asked) == 6
    assert set(asked.values()) == {1}
