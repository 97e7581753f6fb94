"""The confidence head: learnt from verified samples, kept beside the checkpoint, served token by token."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from rich.console import Console
from scipy.stats import mannwhitneyu

from qwill.api import open_model
from qwill.bank.fingerprint import fingerprint_of
from qwill.core import CheckpointError, RecipeError, Sampling, UsageError
from qwill.engine.native import NativeEngine
from qwill.engine.protocol import Message, Request
from qwill.model.confidence import FILE, ConfidenceHead, Surprise, load_head, save_head
from qwill.model.opening import open_checkpoint
from qwill.runs import Bank, Problem, Sample, asked_how
from qwill.train import train
from qwill.train.confidence import Reader, area_under_curve, calibration_error

NANO = Path(__file__).parents[2] / "src" / "qwill" / "models" / "nano"
RECIPE = Path(__file__).parents[2] / "recipes" / "confidence" / "nano.yaml"


def _sample(number: int, *, right: bool, model: str) -> tuple[Problem, Sample]:
    """A thought that is right where it says so: something a head can learn from few."""
    problem = Problem("made", f"p{number}", f"What is {number} + 1?", str(number + 1), "number", {})
    thought = f"{number}+1\n={number + 1}\ncheck {'ok' if right else 'no'}"
    settings = asked_how(Sampling(), max_tokens=64, prompt="{question}")
    key = f"{number:064x}"
    sample = Sample(
        key, model, "made", problem.id, settings, 0, text=str(number), thought=thought, tokens=20, logprob=None,
        finish="stop", value=str(number), right=right, seconds=0.1,
    )  # fmt: skip
    return problem, sample


@pytest.fixture
def bank(tmp_path: Path) -> Path:
    made = Bank(tmp_path / "bank")
    with Bank.filling(made.path):
        for number in range(120):
            problem, sample = _sample(number, right=number % 3 > 0, model=f"nano@{fingerprint_of(NANO)}")
            made.add_problem(problem)
            made.append(sample)
        made.close()
    return made.path


def _recipe(tmp_path: Path, bank: Path, **knobs: object) -> Path:
    values = yaml.safe_load(RECIPE.read_text())
    values |= {"bank": str(bank), "start": str(NANO), "steps": 150, "states_per_step": 64, "weight_decay": 0.0}
    path = tmp_path / "recipe.yaml"
    path.write_text(yaml.safe_dump(values | {"folder": str(tmp_path / "runs")} | knobs))
    return path


def test_a_head_is_learnt_and_served(tmp_path: Path, bank: Path) -> None:
    run = train(_recipe(tmp_path, bank), console=Console(quiet=True))
    engine = NativeEngine.load(run / "model")
    assert engine.capabilities.confidence
    assert fingerprint_of(run / "model") == fingerprint_of(NANO)

    def last(thought: str) -> float:
        request = Request(
            messages=(Message("user", "What is 7 + 1?"),), continuation=f"<think>\n{thought}", max_tokens=1,
            sampling=Sampling(temperature=0), confidence=True,
        )  # fmt: skip
        (token,) = [token for delta in engine.stream([request]) for token in delta.tokens]
        assert token.confidence is not None
        return token.confidence

    assert last("7+1\n=8\ncheck ok") > last("7+1\n=8\ncheck no") + 0.1
    engine.close()


def test_what_is_served_is_what_was_learnt_from(tmp_path: Path) -> None:
    """The engine, token by token, and the reader of whole texts see the same states."""
    folder = tmp_path / "model"
    shutil.copytree(NANO, folder)
    torch.manual_seed(0)
    save_head(head := ConfidenceHead(192, 8), folder)
    engine = NativeEngine.load(folder)
    question = "How many r in strawberry"
    request = Request(messages=(Message("user", question),), sampling=Sampling(temperature=0), confidence=True)
    tokens, text = [], ""
    for delta in engine.stream([request]):
        tokens += delta.tokens
        text += delta.text
    thought = text.partition("\n</think>")[0]
    alone = [token.confidence for token in tokens]

    problem = Problem("made", "p", question, "3", "number", {})
    _, sample = _sample(0, right=True, model="nano")
    model, tokenizer = open_checkpoint(folder)
    sample = Sample(**{**vars(sample), "thought": thought})
    for end in Reader(model, tokenizer, 1024).read([(problem, sample)]):
        at = round(end.done * len(tokenizer.encode(f"{thought}\n", special=False)[:-1]))
        said = torch.sigmoid(head(end.hidden[None], torch.tensor(end.surprise)[None])).item()
        assert alone[at] == pytest.approx(said, abs=2e-3)  # the reader rounds states to half precision
    assert text.count("\n") > 3

    together: list[float | None] = []
    others = [Request(messages=(Message("user", f"What is {n} + {n}?"),), id=f"other {n}") for n in range(5)]
    for delta in engine.stream([*others, request]):
        if delta.request == request.id:
            together += [token.confidence for token in delta.tokens]
    assert together == alone
    engine.close()


def test_without_a_head_nothing_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(NANO, folder, ignore=lambda *_: {FILE})
    engine = open_model(folder)
    assert not engine.capabilities.confidence
    with pytest.raises(UsageError, match="no confidence head"):
        engine.stream([Request(prompt="x", confidence=True)])
    engine.close()


def test_a_head_of_another_model_is_refused(tmp_path: Path) -> None:
    save_head(ConfidenceHead(32, 8), tmp_path)
    assert load_head(tmp_path, 32) is not None
    with pytest.raises(CheckpointError, match="width 64"):
        load_head(tmp_path, 64)
    (tmp_path / FILE).write_bytes(b"nonsense")
    with pytest.raises(CheckpointError, match="damaged"):
        load_head(tmp_path, 32)


def test_samples_of_another_model_are_refused(tmp_path: Path) -> None:
    made = Bank(tmp_path / "bank")
    problem, sample = _sample(1, right=True, model="other@0123456789abcdef")
    made.add_problem(problem)
    made.append(sample)
    made.close()
    with pytest.raises(RecipeError, match="No sample"):
        train(_recipe(tmp_path, made.path), console=Console(quiet=True))


def test_surprise_counts_from_the_first_token() -> None:
    surprise = Surprise()
    for logprob in (-0.5, -2.0, 0.0):
        surprise.add(logprob)
    assert surprise.features() == pytest.approx((math.log(3.5), math.log(3.0), math.log(2.5 / 3 + 1e-4), math.log(4.0)))


def test_the_curve_and_the_error_are_those_of_the_definitions() -> None:
    random = np.random.default_rng(0)
    right = (random.random(500) < 0.6).astype(float)
    said = np.round(np.clip(0.3 * right + random.random(500) * 0.7, 0, 1), 2)
    statistic = mannwhitneyu(said[right == 1], said[right == 0]).statistic
    assert area_under_curve(said, right) == pytest.approx(statistic / (right.sum() * (1 - right).sum()))
    assert calibration_error(np.array([0.9, 0.9, 0.1, 0.1]), np.array([1, 1, 0, 1.0])) == pytest.approx(
        0.5 * 0.1 + 0.5 * 0.4
    )
