"""`chain:NAME` wherever a model is named: `qwill.ask`, `open_model`, `Chat`, the command line."""

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

sys.path.append(str(Path(__file__).resolve().parents[1] / "reason"))

from scripted import ScriptedEngine, script

import qwill
from qwill.api import open_model
from qwill.chain import ChainEngine, ChainError
from qwill.cli import main
from qwill.core import Outcome, QwillError, UsageError
from qwill.core.events import Answering, Finished, Parsed, Thinking
from qwill.engine.profiles import PLAIN
from qwill.knowledge import Knowledge

TWO = """
inputs: {question: null, tone: dry}
models: {big: qwill-nano, small: qwill-nano}
steps:
  - {id: first, model: big, prompt: "{{ question }}"}
  - {id: again, model: small, prompt: "{{ question }}"}
"""


@pytest.fixture
def spec(tmp_path: Path) -> str:
    (tmp_path / "two.yaml").write_text(TWO)
    return f"chain:{tmp_path / 'two.yaml'}"


def test_a_chain_of_packaged_models_answers(spec: str) -> None:
    events = list(qwill.stream("How many r in strawberry", spec))
    assert [type(event) for event in events] == [Parsed, Thinking, Answering, Finished]
    answer = events[-1].answer  # type: ignore[attr-defined]
    assert "3" in answer.text
    assert answer.thought.startswith("## first\n")
    assert answer.stopped_because is Outcome.COMPLETE
    assert answer.usage.thinking_tokens > answer.usage.answer_tokens > 0
    assert sum(event.tokens for event in events if isinstance(event, Thinking)) <= answer.usage.thinking_tokens


def test_the_command_line_takes_a_chain(spec: str) -> None:
    ran = CliRunner().invoke(main, ["ask", "-m", spec, "-q", "How many r in strawberry"])
    assert ran.exit_code == 0, ran.output
    assert "3" in ran.output
    ran = CliRunner().invoke(main, ["ask", "-m", spec, "--budget", "9", "How many r in strawberry"])
    assert ran.exit_code == 2
    assert "its steps have their own budgets" in ran.output


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("chain:nothing", "There is no chain nothing"),
        ("chain:seo_titles?thinker=qwill-nano", "needs a model for light"),
        ("chain:seo_titles?thinker=qwill-nano&light=no-such-model", "no model no-such-model"),
        ("chain:literature_digest?reader=qwill-nano&writer=qwill-nano", "looks things up"),
    ],
)
def test_a_name_that_says_too_little_is_refused(name: str, error: str) -> None:
    with pytest.raises(QwillError, match=error):
        open_model(name)
    with pytest.raises(QwillError, match=error):
        qwill.ask("tea", name)


def test_nothing_is_ignored_silently(spec: str) -> None:
    for setting in ({"seed": 1}, {"temperature": 0.5}, {"effort": "high"}, {"max_tokens": 5}, {"certainty": 0.9}):
        with pytest.raises(UsageError, match="is a chain"):
            qwill.ask("tea", spec, **setting)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="is a chain"):
        qwill.Chat(spec, budget=3)


def test_precision_reaches_the_models_of_its_steps(spec: str) -> None:
    engine = open_model(spec, "bf16")
    assert isinstance(engine, ChainEngine)
    assert engine.name == "chain:two"
    engine.close()


def test_a_chain_answers_with_knowledge(tmp_path: Path) -> None:
    from qwill.documents import read_bytes

    knowledge = Knowledge(tmp_path / "tea.sqlite")
    knowledge.add_document("tea.md", read_bytes(b"# Tea\n\nGreen tea from Hangwu is steeped for 7 minutes.", "tea.md"))
    model = ScriptedEngine([script("7 minutes, green tea [1].")], profile=PLAIN, name="A")
    (tmp_path / "one.yaml").write_text(
        "inputs: {q: null}\nmodels: {m: A}\nsteps:\n  - {id: a, model: m, prompt: '{{ q }}'}\n"
    )
    chain = ChainEngine.open(f"chain:{tmp_path / 'one.yaml'}", lambda name: model)
    answer = qwill.ask("How many minutes is green tea from Hangwu steeped?", engine=chain, knowledge=knowledge)
    assert "Hangwu is steeped" in model.requests[0].messages[-1].content
    assert [piece.verdict.status.value for piece in answer.evidence] == ["verified"]


def test_a_conversation_with_a_chain(spec: str) -> None:
    chat = qwill.Chat(spec)
    assert "3" in chat.ask("How many r in strawberry").text
    assert not chat.remembers


def test_a_failing_step_is_an_error_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(
        "inputs: {q: null}\nmodels: {m: A}\nsteps:\n"
        "  - {id: data, model: m, retries: 0, schema: {type: object}, prompt: '{{ q }}'}\n"
    )
    model = ScriptedEngine([script("no")], profile=PLAIN, name="A")
    chain = ChainEngine.open(f"chain:{tmp_path / 'bad.yaml'}", lambda name: model)
    with pytest.raises(ChainError, match="step data: no valid JSON"):
        qwill.ask("tea", engine=chain)


def test_a_chain_s_events_are_json_lines(spec: str) -> None:
    ran = CliRunner().invoke(main, ["ask", "-m", spec, "--json", "How many r in strawberry"])
    kinds = [json.loads(line)["event"] for line in ran.output.splitlines()]
    assert kinds == ["parsed", "thinking", "answering", "finished"]
