"""Pulling a model from a hub on this machine, and what is said without one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hub_server import Hub, serving

from qwill.core import UsageError
from qwill.model import download
from qwill.model.catalog import find
from qwill.model.download import models_folder, pull, pulled

ENTRY = find("qwen2.5-0.5b")


def run_pull(address: str, cache: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`qwill pull` in a process of its own: the Hub's library reads its settings when it is imported."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")},
        "HF_ENDPOINT": address,
        "HF_HOME": str(cache / "hf"),
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }
    command = [sys.executable, "-m", "qwill", "pull", "Qwen2.5-0.5B", "--cache", str(cache), *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, env=environment, timeout=120)


def test_a_model_is_fetched_checked_and_not_fetched_twice(tmp_path: Path) -> None:
    hub = Hub()
    hub.breaks_off = 1
    with serving(hub) as address:
        done = run_pull(address, tmp_path)
        assert done.returncode == 0, done.stderr
        folder = tmp_path / ENTRY.name
        assert done.stdout.strip() == str(folder)
        assert pulled(ENTRY, tmp_path) == folder
        for name in ("config.json", "tokenizer.json", "model.safetensors"):
            assert (folder / name).read_bytes() == hub.files[name]
        assert "pytorch_model.bin" not in hub.fetched
        assert [name for name in hub.fetched if name == "model.safetensors"] == ["model.safetensors"] * 2
        assert not hub.ranges[0].startswith("bytes=0-")  # the second time from where it broke off
        hub.fetched.clear()
        assert run_pull(address, tmp_path).returncode == 0
        assert hub.fetched == []


def test_what_does_not_have_its_checksum_is_not_kept(tmp_path: Path) -> None:
    hub = Hub()
    hub.lies_about = "model.safetensors"
    with serving(hub) as address:
        done = run_pull(address, tmp_path)
    assert done.returncode == 2
    assert "checksum" in done.stderr
    assert not (tmp_path / ENTRY.name / "model.safetensors").exists()
    assert pulled(ENTRY, tmp_path) is None


def test_offline_it_says_which_files_to_put_where(tmp_path: Path) -> None:
    done = run_pull("http://127.0.0.1:9", tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    for said in ("config.json", "safetensors", "https://huggingface.co/Qwen/Qwen2.5-0.5B-Instruct"):
        assert said in done.stderr
    assert str(tmp_path / ENTRY.name) in done.stderr
    assert pulled(ENTRY, tmp_path) is None


def test_without_the_library_of_modelscope_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "modelscope.hub.snapshot_download", None)
    with pytest.raises(UsageError, match="pip install modelscope"):
        pull(ENTRY, "modelscope", tmp_path)


def test_a_disk_that_is_too_small_is_named_before_it_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage:
        free = 1000

    monkeypatch.setattr(download.shutil, "disk_usage", lambda folder: Usage)
    with pytest.raises(UsageError, match=r"needs 65\.5 GB more"):
        pull(find("qwq"), "hub", tmp_path)


def test_our_own_model_is_not_fetched(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="comes with the package"):
        pull(find("nano"), "hub", tmp_path)


def test_files_put_there_by_hand_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QWILL_MODELS", str(tmp_path))
    assert models_folder() == tmp_path
    folder = tmp_path / ENTRY.name
    folder.mkdir()
    assert pulled(ENTRY) is None
    (folder / "config.json").write_text("{}")
    assert pulled(ENTRY) == folder
