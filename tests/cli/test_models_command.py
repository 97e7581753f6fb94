"""`qwill models` and `qwill doctor`: what is shown, and the page that was made with it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from qwill.api import open_model
from qwill.cli import doctor, main
from qwill.cli.doctor import Finding, State
from qwill.core import UsageError
from qwill.model import memory
from qwill.model.catalog import CATALOG

PAGE = Path(__file__).parents[2] / "docs" / "models.md"


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, list(arguments))
    return result.exit_code, result.output


def test_the_page_holds_what_the_command_writes() -> None:
    sizes = [option for size in ("8", "16", "24", "48", "80") for option in ("--memory", size)]
    code, shown = run("models", *sizes, "--markdown")
    assert code == 0
    assert shown.strip() in PAGE.read_text(encoding="utf-8"), "make docs/models.md anew, as it says itself"


def test_qwq_on_one_card_of_24_gb() -> None:
    _, shown = run("models", "--memory", "24", "--markdown")
    (line,) = (line for line in shown.splitlines() if line.startswith("| qwq-32b |"))
    bf16, int8, int4 = line.split(" | ")[3:6]
    assert (bf16, int8) == ("65.5 GB · –", "34.8 GB · –")
    assert int4 == "19.8 GB · 14K"


def test_every_model_is_listed_for_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("QWILL_MODELS", str(tmp_path))
    monkeypatch.setattr(memory, "best_device", lambda: ("cuda:0", 16 << 30))
    code, shown = run("models")
    assert code == 0
    assert shown.startswith("cuda:0: 17.2 GB free")
    assert all(entry.name in shown for entry in CATALOG)
    assert "Could not be verified" in shown


def test_models_that_are_not_here_say_how_to_get_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("QWILL_MODELS", str(tmp_path))
    with pytest.raises(UsageError, match="qwill pull qwq-32b-preview"):
        open_model("Qwen/QwQ-32B-preview")
    with pytest.raises(UsageError, match="native engine does not run yet"):
        open_model("qwen3-8b")
    with pytest.raises(UsageError, match="Did you mean qwq-32b"):
        open_model("qwq-23b")


def test_a_pulled_model_is_opened_by_its_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("QWILL_MODELS", str(tmp_path))
    folder = tmp_path / "qwen2.5-coder-0.5b"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    opened = []
    monkeypatch.setattr("qwill.engine.replicas.load_replicas", lambda folder, *_, **__: opened.append(folder))
    open_model("Qwen2.5-Coder-0.5B-Instruct")
    assert opened == [folder]


def test_the_engine_and_precision_asked_for_are_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "m.gguf"
    file.write_bytes(b"GGUF")
    opened: list[tuple[object, ...]] = []
    monkeypatch.setattr(
        "qwill.engine.replicas.load_replicas", lambda *asked, device, name: opened.append((*asked, device))
    )
    monkeypatch.setattr("qwill.engine.llamacpp.LlamaCppEngine", lambda *asked: opened.append(("llama.cpp", *asked)))
    monkeypatch.setattr("qwill.engine.reference.TransformersEngine", lambda *asked: opened.append(("them", *asked)))
    monkeypatch.setattr("qwill.engine.vllm.VllmEngine", lambda *asked: opened.append(("vLLM", *asked)))
    open_model(file)
    open_model(str(file), "int4", "cuda:0+cpu")
    open_model(f"llamacpp:{file}")
    open_model(f"transformers:{tmp_path}", "bf16")
    open_model(f"vllm:{tmp_path}")
    native = [(file, "fp32", "cpu"), (file, "int4", "cuda:0+cpu")]
    assert opened == [*native, ("llama.cpp", file), ("them", tmp_path, "bf16"), ("vLLM", tmp_path, "bf16")]
    for spec in (f"llamacpp:{file}", "ollama:qwq"):
        with pytest.raises(UsageError, match="int8 cannot be asked for"):
            open_model(spec, "int8")
        with pytest.raises(UsageError, match="cuda:0 cannot be asked for"):
            open_model(spec, device="cuda:0")


def test_the_doctor_finds_what_is_wrong(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("QWILL_MODELS", str(tmp_path))
    parts = (doctor.Part("click", "99", "commands", needed=True), doctor.Part("no-such-thing", "1", "nothing"))
    monkeypatch.setattr(doctor, "PARTS", parts)
    monkeypatch.setattr(memory, "devices", lambda: ["cpu"])
    code, shown = run("doctor", "--json")
    assert code == 1
    findings = {finding["what"]: finding for finding in json.loads(shown)}
    assert findings["click"]["state"] == "wrong"
    assert "pip install -U 'click>=99'" in findings["click"]["mend"]
    assert findings["no-such-thing"]["state"] == "note"
    assert findings["Python"]["state"] == "ok"
    assert str(tmp_path) in findings["disk"]["found"]
    assert findings["pulled"]["found"] == "none yet"


@pytest.mark.parametrize(("state", "code"), [(State.OK, 0), (State.NOTE, 0), (State.WRONG, 1)])
def test_the_exit_code_tells_whether_qwill_can_run(state: State, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "examine", lambda: [Finding("heart", state, "beats", "rest")])
    assert run("doctor") == (code, f"{ {'ok': 'ok', 'note': '--', 'wrong': '!!'}[state] }  heart: beats\n      rest\n")


@pytest.mark.parametrize(("written", "numbers"), [("2.13.0+cpu", (2, 13, 0)), ("4.51.0rc1", (4, 51, 0)), ("x", ())])
def test_versions_are_compared_by_their_numbers(written: str, numbers: tuple[int, ...]) -> None:
    assert doctor._numbers(written) == numbers
