"""Images of text: what is recognised, where it stands, and what cannot be read."""

import io
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from qwill.documents import DocumentError, is_read, read_bytes
from qwill.documents import image as images

Image = pytest.importorskip("PIL.Image")
ImageDraw = pytest.importorskip("PIL.ImageDraw")
ImageFont = pytest.importorskip("PIL.ImageFont")


def picture(*lines: tuple[int, str], size: tuple[int, int] = (900, 300)) -> bytes:
    """A PNG with lines of text at these heights."""
    shown = Image.new("RGB", size, "white")
    for height, text in lines:
        ImageDraw.Draw(shown).text((20, height), text, font=ImageFont.load_default(32), fill="black")
    out = io.BytesIO()
    shown.save(out, "PNG")
    return out.getvalue()


@pytest.mark.skipif(find_spec("rapidocr") is None, reason="recognising text needs rapidocr, of the extra ocr")
def test_text_in_an_image_is_read() -> None:
    data = picture((20, "The tower has 211 steps."), (60, "It is 43 metres high."), (200, "Visits start at noon."))
    document = read_bytes(data, "scan.png")
    assert [block.text for block in document.blocks] == [
        "The tower has 211 steps.\nIt is 43 metres high.", "Visits start at noon.",
    ]  # fmt: skip
    assert [str(block.place) for block in document.blocks] == ["line 1–2", "line 3"]
    assert is_read(Path("scan.PNG"))
    with pytest.raises(DocumentError, match="shows no text"):
        read_bytes(picture(), "empty.png")


@pytest.fixture
def recognised(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, float, str]]:
    """Lines (top, bottom, text) that a stand-in for rapidocr sees in every image."""
    lines: list[tuple[float, float, str]] = []

    def see(pixels: np.ndarray) -> SimpleNamespace:
        assert pixels.shape == (300, 900, 3)
        boxes = [np.array([[0, top], [9, top], [9, bottom], [0, bottom]]) for top, bottom, _ in lines]
        return SimpleNamespace(txts=[text for *_, text in lines] or None, boxes=boxes or None)

    monkeypatch.setattr(images, "can_recognise", lambda: True)
    monkeypatch.setattr(images, "_recogniser", lambda: see)
    return lines


def test_lines_that_stand_close_are_a_paragraph(recognised: list[tuple[float, float, str]]) -> None:
    recognised += [(100, 120, "third"), (0, 20, "first"), (24, 44, "second")]
    document = read_bytes(picture(), "scan.png")
    assert [(block.text, str(block.place)) for block in document.blocks] == [
        ("first\nsecond", "line 1–2"), ("third", "line 3"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "message"),
    [(b"\x89PNG garbage", "damaged image"), (picture(size=(9000, 9000)), "more than"), (picture(), "shows no text")],
)
def test_what_cannot_be_read_says_why(data: bytes, message: str, recognised: list[tuple[float, float, str]]) -> None:
    with pytest.raises(DocumentError, match=message):
        read_bytes(data, "scan.png")


def test_without_rapidocr_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "find_spec", lambda name: None)
    with pytest.raises(DocumentError, match=r"needs rapidocr") as raised:
        read_bytes(picture(), "scan.png")
    assert "qwill[ocr]" in str(raised.value)
    assert not is_read(Path("scan.png"))
