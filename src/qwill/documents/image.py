"""Images of text, by rapidocr: photographed or scanned pages, screenshots."""

from __future__ import annotations

import io
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from threading import Lock
from typing import Any

import numpy as np

from qwill.documents.document import Block, BlockKind, Document, DocumentError, Place

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")
_MOST_PIXELS = 50_000_000
_GAP = 0.8  # of a line's height: a wider gap below it begins another paragraph
_lock = Lock()  # one image at a time: each takes all cores and some hundred megabytes


def can_recognise() -> bool:
    """Whether what recognises text in images is installed."""
    return find_spec("rapidocr") is not None


def read_image(data: bytes, name: str) -> Document:
    """Lines are numbered from the top; those that stand close together are one paragraph.

    Raises:
        DocumentError: it is damaged, too large, holds no text, or rapidocr is missing.
    """
    if not can_recognise():
        raise DocumentError("Reading images needs rapidocr.", "pip install qwill[ocr]")
    with _lock:
        found = _recogniser()(_pixels(data, name))
    if not found.txts:
        raise DocumentError(f"{name} shows no text that can be recognised.", "Take a sharper or larger picture.")
    lines = sorted((box[:, 1].min(), box[:, 1].max(), text) for box, text in zip(found.boxes, found.txts, strict=True))
    blocks: list[Block] = []
    before = 0.0
    for number, (top, bottom, text) in enumerate(lines, 1):
        if blocks and top - before < _GAP * (bottom - top):
            last = blocks.pop()
            text, first = f"{last.text}\n{text}", last.place.first  # noqa: PLW2901
        else:
            first = number
        blocks.append(Block(BlockKind.PARAGRAPH, text, Place("line", first, number)))
        before = bottom
    return Document(name, tuple(blocks))


def _pixels(data: bytes, name: str) -> np.ndarray:
    from PIL import Image, ImageOps

    try:
        with Image.open(io.BytesIO(data)) as image:
            if image.width * image.height > _MOST_PIXELS:
                raise DocumentError(f"{name} has more than {_MOST_PIXELS:,} pixels.", "Make it smaller.")
            return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))[:, :, ::-1]  # rapidocr takes BGR
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise DocumentError(f"{name} is a damaged image: {error}.", "Save it again.") from error


@cache
def _recogniser() -> Any:
    library: Any = import_module("rapidocr")
    return library.RapidOCR(params={"Global.log_level": "critical"})
