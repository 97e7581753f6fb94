"""One way of reading files: by their ending, with one kind of error."""

from __future__ import annotations

import re
import zlib
from pathlib import Path

from qwill.documents.document import Document, DocumentError
from qwill.documents.docx import read_docx
from qwill.documents.html import read_html
from qwill.documents.image import SUFFIXES as _IMAGES
from qwill.documents.image import can_recognise, read_image
from qwill.documents.manual import read_manual
from qwill.documents.markdown import read_markdown
from qwill.documents.pdf import read_pdf
from qwill.documents.source import read_source, read_text
from qwill.documents.tables import read_csv, read_json_lines

LARGEST = 64 << 20  # bytes
_BYTES = {
    ".html": read_html, ".htm": read_html, ".xhtml": read_html, ".pdf": read_pdf, ".docx": read_docx,
    **dict.fromkeys(_IMAGES, read_image),
}  # fmt: skip
_TEXT = {
    ".md": read_markdown, ".markdown": read_markdown, ".txt": read_text, ".rst": read_text, ".text": read_text,
    ".tex": read_text, ".log": read_text, ".csv": read_csv, ".tsv": read_csv, ".jsonl": read_json_lines,
    ".ndjson": read_json_lines, "": read_text,
    **dict.fromkeys(
        (
            ".py", ".js", ".ts", ".tsx", ".jsx", ".c", ".h", ".cc", ".cpp", ".hpp", ".java", ".go", ".rs", ".rb",
            ".php", ".swift", ".kt", ".scala", ".sh", ".sql", ".lua", ".r", ".jl", ".cs", ".yaml", ".yml", ".toml",
            ".json",
        ),
        read_source,
    ),
}  # fmt: skip
_MANUAL = re.compile(r"\.[1-8][a-z]{0,8}")  # .1, .3pm, .7ssl
SUFFIXES = frozenset((*_BYTES, *_TEXT, *(f".{section}" for section in range(1, 9)))) - {""}
"""Endings for choosing files by; `is_read` knows some more, of manual pages."""


def is_read(path: Path) -> bool:
    """Whether a file is of a kind that is read, by its ending; one without an ending might be anything, and images
    are read where rapidocr is installed."""
    suffix = (path.with_suffix("") if path.suffix.lower() == ".gz" else path).suffix.lower()
    if suffix in _IMAGES:
        return can_recognise()
    return bool(suffix) and (suffix in _BYTES or suffix in _TEXT or _MANUAL.fullmatch(suffix) is not None)


def read(path: str | Path) -> Document:
    """Read a file into blocks with their places.

    Args:
        path: Markdown, text, HTML, PDF, DOCX, CSV, JSON lines, source code, a manual page or an image of text, by its
            ending; `.gz` behind it is unpacked.

    Raises:
        DocumentError: it is not there, too large, damaged, binary, or of a kind that is not read.
    """
    path = Path(path)
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise DocumentError(f"{path} is larger than {LARGEST >> 20} MiB.", "Cut it into parts.")
        data = path.read_bytes()
    except OSError as error:
        raise DocumentError(f"{path} cannot be read: {error.strerror or error}.", "Check the path.") from error
    return read_bytes(data, path.name)


def read_bytes(data: bytes, name: str) -> Document:
    """The same for bytes that are in memory already, such as an upload; `name` gives the kind.

    Raises:
        DocumentError: as for `read`.
    """
    path = Path(name)
    if path.suffix.lower() == ".gz":
        data, path = _unpacked(data, name), path.with_suffix("")
    suffix = path.suffix.lower()
    if suffix in _BYTES:
        return _BYTES[suffix](data, path.stem)
    if _MANUAL.fullmatch(suffix):
        return read_manual(_text(data, name), path.name)
    if suffix not in _TEXT:
        known = " ".join(sorted(_BYTES.keys() | _TEXT.keys()))
        raise DocumentError(f"{name}: files ending in {suffix} are not read.", f"Read are {known}, and manual pages.")
    return _TEXT[suffix](_text(data, name), path.stem)


def _text(data: bytes, name: str) -> str:
    if b"\0" in data[:4096] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DocumentError(f"{name} is binary, no text.", "Give it the ending of what it is.")
    for encoding in ("utf-8-sig", "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "gb18030"):
        try:
            return data.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
        except UnicodeDecodeError:
            continue
    return data.decode("utf-8", "replace").replace("\r\n", "\n")


def _unpacked(data: bytes, name: str) -> bytes:
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        unpacked = unpacker.decompress(data, LARGEST)
    except zlib.error as error:
        raise DocumentError(f"{name} is a damaged gzip file.") from error
    if unpacker.unconsumed_tail:
        raise DocumentError(f"{name} is larger than {LARGEST >> 20} MiB when unpacked.", "Cut it into parts.")
    return unpacked
