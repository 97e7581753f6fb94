"""Models from the Hugging Face Hub and from ModelScope, by the hubs' own libraries.

Mirrors, proxies and access tokens are the hubs' own settings (HF_ENDPOINT, HF_TOKEN, HTTPS_PROXY, ...). What was
fetched before is not fetched again. Only what is needed to run a model comes: settings, tokenizer, safetensors;
never pickles. Files from the Hub are compared with the checksums that the Hub states.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import Any

from qwill.core import CheckpointError, UsageError
from qwill.model.catalog import Entry
from qwill.model.memory import gigabytes
from qwill.model.shape import Precision

SOURCES = {"hub": "https://huggingface.co", "modelscope": "https://modelscope.cn/models"}
PATTERNS = ["*.json", "*.safetensors", "*.jinja", "merges.txt", "LICENSE*"]
NEEDED = "config.json, generation_config.json, tokenizer.json, tokenizer_config.json and all *.safetensors files"
_UNFINISHED = ".pulling"
"""A file that stands in a model's folder until all of the model is there and checked."""
_PIECE = 1 << 22


def models_folder() -> Path:
    """Where models are kept: QWILL_MODELS, or `qwill/models` in the user's cache folder."""
    if named := os.environ.get("QWILL_MODELS"):
        return Path(named).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "qwill" / "models"


def pulled(entry: Entry, cache: Path | None = None) -> Path | None:
    """The folder of a model that was fetched, or put there by hand; None when it is not there or not whole."""
    folder = (cache or models_folder()) / entry.name
    return folder if (folder / "config.json").is_file() and not (folder / _UNFINISHED).exists() else None


def pull(entry: Entry, source: str = "hub", cache: Path | None = None) -> Path:
    """Fetch a model, or what is missing of it; shows its progress on standard error.

    Args:
        entry: which one.
        source: "hub" or "modelscope".
        cache: folder to keep it in; by default `models_folder()`.

    Returns:
        The folder of the checkpoint.

    Raises:
        UsageError: the model comes with the package, the disk is too small, or the source's library is not there.
        CheckpointError: it cannot be fetched, or what came is damaged; says what to put where by hand.
    """
    if not entry.hub:
        raise UsageError(f"{entry.name} comes with the package.", "There is nothing to fetch: qwill ask QUESTION.")
    folder = (cache or models_folder()) / entry.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _UNFINISHED).touch()
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be written: {error.strerror}.", "Choose another folder with --cache."
        ) from error
    _check_disk(entry, folder)
    fetch = _from_hub if source == "hub" else _from_modelscope
    fetch(entry, folder)
    if not (folder / "config.json").is_file() or not any(folder.glob("*.safetensors")):
        raise CheckpointError(
            f"{entry.repository(source)} holds no checkpoint in safetensors format.", _by_hand(entry, source, folder)
        )
    (folder / _UNFINISHED).unlink()
    return folder


def _check_disk(entry: Entry, folder: Path) -> None:
    """Refuse before the disk is full in the middle."""
    here = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    missing = entry.shape.weight_bytes(Precision.BF16) - here
    free = shutil.disk_usage(folder).free
    if missing > free:
        raise UsageError(
            f"{entry.name} needs {gigabytes(missing)} more on the disk of {folder}, and {gigabytes(free)} is free.",
            "Free some, choose another disk with --cache, or use a GGUF file of it.",
        )


def _from_hub(entry: Entry, folder: Path) -> None:
    import huggingface_hub

    try:
        # The revision is settled first, so that the files and the checksums are of one and the same.
        stated = huggingface_hub.HfApi().model_info(entry.hub, files_metadata=True)
        huggingface_hub.snapshot_download(entry.hub, revision=stated.sha, local_dir=folder, allow_patterns=PATTERNS)
    except Exception as error:  # the Hub's own, and those of one or another HTTP library, by its version
        raise _not_fetched(entry, "hub", folder, error) from error
    damaged = [file.rfilename for file in stated.siblings or [] if not _is_whole(folder / file.rfilename, file)]
    for name in damaged:
        (folder / name).unlink()
    if damaged:
        raise CheckpointError(
            f"{len(damaged)} of the files fetched do not have the checksum that the Hub states: {damaged[0]}.",
            "They were removed: pull again.",
        )


def _is_whole(path: Path, stated: Any) -> bool:
    """Whether a file has the stated checksum: SHA-256 for large ones, git's own for others. True if not fetched."""
    if not path.is_file():
        return True
    if stated.lfs:
        digest, expected = hashlib.sha256(), stated.lfs.sha256
    elif stated.blob_id:
        digest = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
        expected = stated.blob_id
    else:
        return True
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return bool(digest.hexdigest() == expected)


def _from_modelscope(entry: Entry, folder: Path) -> None:
    try:
        from modelscope.hub.snapshot_download import snapshot_download
    except ImportError as error:
        raise UsageError(
            "ModelScope's library is not installed.", "Install it with: pip install modelscope (or pull --from hub)."
        ) from error
    try:
        snapshot_download(entry.repository("modelscope"), local_dir=str(folder), allow_file_pattern=PATTERNS)
    except Exception as error:  # its errors have no common ancestor of their own
        raise _not_fetched(entry, "modelscope", folder, error) from error


def _not_fetched(entry: Entry, source: str, folder: Path, error: Exception) -> CheckpointError:
    reason = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
    return CheckpointError(
        f"{entry.repository(source)} could not be fetched ({reason}).", _by_hand(entry, source, folder)
    )


def _by_hand(entry: Entry, source: str, folder: Path) -> str:
    """What to do without a network."""
    return (
        "Pull again to go on where it stopped, or bring the files from a machine with a network: "
        f"{NEEDED} of {SOURCES[source]}/{entry.repository(source)} (about "
        f"{gigabytes(entry.shape.weight_bytes(Precision.BF16))}) into {folder}, without the file {_UNFINISHED} there; "
        f"then `-m {entry.name}` finds them."
    )
