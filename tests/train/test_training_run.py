"""Whole runs: learning, resuming exactly, surviving kill -9, damage and a full disk, and never overwriting."""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import torch
from rich.console import Console
from train_tiny import run, write_recipe

from qwill.core import CheckpointError, QwillError, RecipeError
from qwill.model.checkpoint import load_model
from qwill.model.tokenizer import Tokenizer
from qwill.train.checkpoints import load_state, saved_states
from qwill.train.folder import lock


def _curve(folder: Path) -> list[tuple]:
    """Everything of the log but the clock."""
    records = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [(r["step"], r["loss"], r["grad_norm"], r["tokens"], r["rate"], r["families"]["sums"]) for r in records]


def _same_weights(one: Path, other: Path) -> bool:
    a, b = (dict(load_model(folder / "model").named_parameters()) for folder in (one, other))
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_recipe(tmp_path_factory.mktemp("recipe"))


@pytest.fixture(scope="module")
def whole(recipe: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run nobody interrupted."""
    return run(recipe, tmp_path_factory.mktemp("whole") / "run")


def test_a_run_learns_and_leaves_a_model(whole: Path) -> None:
    losses = [loss for _, loss, *_ in _curve(whole)]
    assert len(losses) == 24
    assert losses[0] > 5 > 3.5 > losses[-1]
    assert len(saved_states(whole / "checkpoints")) == 2
    model, tokenizer = load_model(whole / "model"), Tokenizer.load(whole / "model")
    assert model.config.vocab_size == tokenizer.vocab_size
    assert model.config.eos_token_ids == tuple(tokenizer.encode("<|im_end|>"))
    tokens = tokenizer.chat([{"role": "user", "content": "What is 3 + 5?"}])
    assert model(torch.tensor([tokens])).shape == (1, len(tokens), tokenizer.vocab_size)
    assert json.loads((whole / "model" / "generation_config.json").read_text())["eos_token_id"] in tokenizer.eos_ids


def test_pausing_and_resuming_changes_nothing(recipe: Path, whole: Path, tmp_path: Path) -> None:
    for steps in (4, 5, 11, None):
        run(recipe, tmp_path / "run", max_steps=steps)
    assert _curve(tmp_path / "run") == _curve(whole)
    assert _same_weights(tmp_path / "run", whole)


def test_threads_and_worker_change_nothing(whole: Path, tmp_path: Path) -> None:
    other = write_recipe(tmp_path, compute={"threads": 3}, data={"worker": True})
    run(other, tmp_path / "run")
    assert _curve(tmp_path / "run") == _curve(whole)


def test_kill_9_at_random_moments_changes_nothing(recipe: Path, whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    worker = write_recipe(tmp_path, data={"worker": True})
    rng = random.Random(time.time_ns())
    code = f"from train_tiny import run; from pathlib import Path; run(Path({str(worker)!r}), Path({str(folder)!r}))"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(os.path.abspath(path) for path in sys.path)}
    log = folder / "log.jsonl"
    for steps in (2, 9):
        process = subprocess.Popen([sys.executable, "-c", code], env=environment, stderr=subprocess.DEVNULL)
        while process.poll() is None and not (log.exists() and log.read_bytes().count(b"\n") >= steps):
            time.sleep(0.001)
        time.sleep(rng.random() * 0.03)
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        assert not psutil.wait_procs(children, timeout=20)[1], "the worker outlived its trainer"
    run(worker, folder)
    assert _curve(folder) == _curve(whole)
    assert _same_weights(folder, whole)


def test_a_damaged_checkpoint_is_named_and_the_one_before_is_used(recipe: Path, whole: Path, tmp_path: Path) -> None:
    folder = run(recipe, tmp_path / "run", max_steps=9)
    newest, before = saved_states(folder / "checkpoints")
    contents = bytearray(newest.read_bytes())
    contents[-100] ^= 1
    newest.write_bytes(contents)
    console = Console(record=True, width=1000, file=(tmp_path / "shown").open("w"))
    run(recipe, folder, console=console)
    shown = console.export_text()
    assert newest.name in shown
    assert f"after step {int(before.stem.split('-')[1])} " in shown
    assert _curve(folder) == _curve(whole)


def test_when_all_are_damaged_it_says_so(recipe: Path, tmp_path: Path) -> None:
    folder = run(recipe, tmp_path / "run", max_steps=6)
    for path in saved_states(folder / "checkpoints"):
        path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(CheckpointError, match="damaged"):
        run(recipe, folder)


def test_a_full_disk_leaves_the_last_good_state(recipe: Path, whole: Path, tmp_path: Path) -> None:
    folder = run(recipe, tmp_path / "run", max_steps=3)
    (good,) = saved_states(folder / "checkpoints")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (good.stat().st_size // 2, limits[1]))
    try:
        with pytest.raises(CheckpointError, match="cannot be written"):
            run(recipe, folder)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [path.name for path in (folder / "checkpoints").iterdir()] == [good.name]
    assert load_state(good).fields["step"] == 3
    run(recipe, folder)
    assert _curve(folder) == _curve(whole)


def test_another_recipe_neither_resumes_nor_overwrites(recipe: Path, tmp_path: Path) -> None:
    folder = run(recipe, tmp_path / "run", max_steps=3)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    changed = write_recipe(tmp_path, optimizer={"muon_lr": 0.01})
    with pytest.raises(RecipeError, match="another recipe"):
        run(changed, folder, max_steps=6)
    new = run(changed, folder, fresh=True, max_steps=3)
    assert new == tmp_path / "run-2"
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    assert run(changed, folder, max_steps=6) == new, "without fresh it goes on with its own folder"


def test_a_finished_run_is_left_alone(recipe: Path, whole: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in whole.rglob("*") if path.is_file() and path.name != "lock"}
    assert run(recipe, whole) == whole
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_two_processes_cannot_train_one_run(recipe: Path, tmp_path: Path) -> None:
    with lock(tmp_path / "run"), pytest.raises(QwillError, match="Another process"):
        run(recipe, tmp_path / "run")
