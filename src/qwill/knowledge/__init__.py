"""What the reasoner can look up: documents in one SQLite file, searched by words (and vectors), cited and checked."""

from qwill.knowledge.citations import Cited, check_citations, excerpts, harmless, quoted
from qwill.knowledge.citing import Citing
from qwill.knowledge.index import Added, Knowledge
from qwill.knowledge.search import Embedder, Found
from qwill.knowledge.silence import is_silent

__all__ = [
    "Added", "Cited", "Citing", "Embedder", "Found", "Knowledge", "check_citations", "excerpts", "harmless",
    "is_silent", "quoted",
]  # fmt: skip
