"""Generated problems with known answers: families, their splits, their graders and their teaching thoughts."""

from typing import TYPE_CHECKING, Any

from qwill.tasks.base import Family, Item, Split, Style, split_of

if TYPE_CHECKING:
    from qwill.tasks.families import FAMILIES

__all__ = ["FAMILIES", "Family", "Item", "Split", "Style", "split_of"]


def __getattr__(name: str) -> Any:
    # Loaded at first use, so that one family can be had without the word lists of all others.
    if name == "FAMILIES":
        from qwill.tasks.families import FAMILIES

        return FAMILIES
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
