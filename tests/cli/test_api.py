"""The public functions, with a scripted engine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from scripted import ScriptedEngine, script

import qwill
from qwill import Answer, Budget, Chat, Outcome, QwillError, ask, open_model, stream
from qwill.core.events import Finished, Parsed, Thinking
from qwill.engine.profiles import NANO, THINKING, Profile
from qwill.engine.protocol import Message

PLAYED = "s t r 1\n</think>\n\nThere are 3."
TALKER = Profile(name="talker", sampling=NANO.sampling, opens_thought_itself=True)


def engine_of(*texts: str, profile: Profile = NANO) -> ScriptedEngine:
    return ScriptedEngine([script(text) for text in texts], profile=profile)


def test_asking() -> None:
    seen = []
    answer = ask("How many r in strawberry?", engine=engine_of(PLAYED), on_event=seen.append)
    assert isinstance(answer, Answer)
    assert (answer.text, answer.value, answer.thought) == ("There are 3.", "3", "s t r 1")
    assert isinstance(seen[0], Parsed)
    assert seen[-1] == Finished(answer=answer)


def test_settings_reach_the_engine() -> None:
    engine = engine_of(PLAYED)
    ask("How many?", engine=engine, seed=7, temperature=0.5, budget=100)
    sampling = engine.requests[0].sampling
    assert (sampling.seed, sampling.temperature, sampling.top_p) == (7, 0.5, NANO.sampling.top_p)
    ask("How many?", engine=engine, budget=Budget(thinking_tokens=1))
    assert engine.requests[2].continuation == "<think>\ns\n</think>\n\n"


def test_a_question_is_refused_before_any_model_is_opened(tmp_path: Path) -> None:
    with pytest.raises(QwillError, match="question is empty"):
        stream("  ", tmp_path / "nowhere")


@pytest.mark.parametrize("made", ["missing", "file"])
def test_what_is_no_model_is_named(tmp_path: Path, made: str) -> None:
    spec = tmp_path / "model"
    if made == "file":
        spec.write_text("x")
    with pytest.raises(QwillError) as caught:
        ask("How many?", spec)
    assert str(spec) in str(caught.value)
    assert "config.json" in str(caught.value)


def test_an_unnamed_model_is_the_packaged_one_or_says_that_it_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qwill.api.files", lambda package: tmp_path)
    for spec in (None, "qwill-nano"):
        with pytest.raises(QwillError, match=r"packaged model qwill-nano is missing.*qwill train"):
            open_model(spec)


def test_a_model_is_opened_once_and_again_when_its_files_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []

    def open_scripted(*_: object) -> ScriptedEngine:
        opened.append(engine_of(PLAYED))
        return opened[-1]

    monkeypatch.setattr("qwill.api.open_model", open_scripted)
    (tmp_path / "config.json").write_text("{}")
    ask("How many?", tmp_path)
    ask("How many?", str(tmp_path))
    assert len(opened) == 1
    (tmp_path / "config.json").write_text("{} ")
    ask("How many?", tmp_path)
    assert len(opened) == 2
    assert opened[0].closed


def test_the_decline_of_our_own_model_is_an_outcome() -> None:
    from qwill.core import Language
    from qwill.tasks.outside import DECLINE_EN, DECLINE_ZH
    from qwill.tasks.wording import in_script

    for decline in (DECLINE_EN, DECLINE_ZH, in_script(DECLINE_ZH, Language.CHINESE_TRADITIONAL)):
        answer = ask("Who wrote Hamlet?", engine=engine_of(f"not mine\n</think>\n\n{decline}"))
        assert answer.stopped_because is Outcome.DECLINED


def test_a_conversation_is_remembered_without_its_thoughts() -> None:
    engine = engine_of(PLAYED, "easy</think>6", profile=TALKER)
    chat = Chat(engine=engine)
    assert chat.remembers
    chat.ask("How many r in strawberry? ")
    chat.ask("And twice that?")
    assert engine.requests[1].messages == (
        Message("user", "How many r in strawberry?"),
        Message("assistant", "There are 3."),
        Message("user", "And twice that?"),
    )
    chat.reset()
    chat.ask("Hello?")
    assert engine.requests[2].messages == (Message("user", "Hello?"),)


def test_a_family_that_keeps_past_thoughts_is_shown_them() -> None:
    keeper = Profile(name="keeper", sampling=NANO.sampling, opens_thought_itself=True, keeps_past_thoughts=True)
    engine = engine_of(PLAYED, profile=keeper)
    chat = Chat(engine=engine)
    chat.ask("How many?")
    assert chat.history[1] == Message("assistant", "<think>s t r 1</think>There are 3.")


def test_a_model_not_trained_on_conversations_sees_each_question_alone() -> None:
    engine = engine_of(PLAYED)
    chat = Chat(engine=engine)
    assert not chat.remembers
    chat.ask("How many?")
    chat.ask("And now?")
    assert engine.requests[1].messages == (Message("user", "And now?"),)


def test_a_turn_without_an_answer_is_not_remembered() -> None:
    chat = Chat(engine=engine_of("hm\n</think>", profile=TALKER))
    assert chat.ask("How many?").stopped_because is Outcome.NO_ANSWER
    assert chat.history == ()


def test_a_stream_can_be_left() -> None:
    engine = engine_of(PLAYED)
    events = stream("How many?", engine=engine)
    assert isinstance(next(events), Parsed)
    assert isinstance(next(events), Thinking)
    events.close()  # type: ignore[attr-defined]
    assert engine.streams_open == 0


def test_the_package_offers_what_it_lists() -> None:
    assert set(qwill.__all__) <= set(dir(qwill))
    assert all(getattr(qwill, name) is not None for name in qwill.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        qwill.nonsense  # noqa: B018


def test_importing_the_package_imports_nothing_else() -> None:
    code = "import qwill, sys; print(*(name for name in sys.modules if name.startswith('qwill.')))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "qwill.version"


def test_a_model_that_must_not_be_greedy_is_not_asked_so() -> None:
    with pytest.raises(QwillError, match="not to be asked at temperature 0"):
        ask("How many?", engine=engine_of(PLAYED, profile=THINKING), temperature=0)
