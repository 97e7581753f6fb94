"""Question templates written as a text: one a line, long ones going on in lines that begin with white space."""

from __future__ import annotations

from collections.abc import Mapping


def phrasebook(text: str, phrases: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """The templates of a text, for `wording.vary`.

    A line that begins with white space continues the one before, joined with nothing between (so lines are broken
    between two alternatives, never at a space that matters). Empty lines are left out. Each name in `phrases`, in
    capitals so that it stands out, is replaced by its template wherever it stands.
    """
    templates: list[str] = []
    for line in text.splitlines():
        if line[:1].isspace():
            templates[-1] += line.strip()
        elif line:
            templates.append(line)
    for name, phrase in (phrases or {}).items():
        templates = [template.replace(name, phrase) for template in templates]
    return tuple(templates)
