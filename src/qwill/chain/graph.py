"""A chain drawn: as Mermaid text, or as SVG."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from types import MappingProxyType

from qwill.chain.recipe import Chain, Step

_WIDTH, _HEIGHT, _GAP_X, _GAP_Y, _EDGE = 180, 52, 60, 24, 20
_LOOKS = {"running": ' stroke-width="3"', "done": ' fill="#10b981" fill-opacity="0.25"'}


def as_mermaid(chain: Chain) -> str:
    """The steps and what they need, as a Mermaid flowchart."""
    lines = ["flowchart LR"]
    lines += [f'  {name}(["{name}"])' for name in chain.inputs]
    for step in chain.steps:
        lines.append(f'  {step.id}["{step.id}<br/>{_about(step)}"]')
        lines += [f"  {needed} --> {step.id}" for needed in step.needs]
    return "\n".join(lines)


def as_svg(chain: Chain, state: Mapping[str, str] = MappingProxyType({})) -> str:
    """The same as a picture: columns by how many steps must come before.

    Args:
        chain: what is drawn.
        state: step → "running" or "done", while it is run: the box of the one is thick, that of the other filled.
    """
    column: dict[str, int] = {}
    for step in chain.steps:
        column[step.id] = max((column[needed] + 1 for needed in step.needs), default=0)
    rows: dict[int, int] = {}
    place: dict[str, tuple[int, int]] = {}
    for step in chain.steps:
        row = rows.get(column[step.id], 0)
        rows[column[step.id]] = row + 1
        place[step.id] = (_EDGE + column[step.id] * (_WIDTH + _GAP_X), _EDGE + row * (_HEIGHT + _GAP_Y))
    width = max(x for x, _ in place.values()) + _WIDTH + _EDGE
    height = max(y for _, y in place.values()) + _HEIGHT + _EDGE
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    style = 'font-family="sans-serif" font-size="13" fill="none" stroke="currentColor"'
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}>']
    for step in chain.steps:
        x, y = place[step.id]
        for needed in step.needs:
            from_x, from_y = place[needed][0] + _WIDTH, place[needed][1] + _HEIGHT / 2
            to_x, to_y = x, y + _HEIGHT / 2
            middle = (from_x + to_x) / 2
            parts.append(f'<path d="M{from_x} {from_y} C{middle} {from_y} {middle} {to_y} {to_x} {to_y}"/>')
        look = _LOOKS.get(state.get(step.id, ""), "")
        parts.append(f'<rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="8"{look}/>')
        parts.append(_text(x, y + 21, step.id, bold=True) + _text(x, y + 40, _about(step)))
    return "\n".join([*parts, "</svg>"])


def _text(x: int, y: int, text: str, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{x + _WIDTH // 2}" y="{y}" text-anchor="middle" stroke="none" fill="currentColor"{weight}>'
        f"{escape(text)}</text>"
    )


def _about(step: Step) -> str:
    marks = [step.model]
    if step.foreach:
        marks.append("for each")
    if step.when:
        marks.append("if")
    if step.schema is not None:
        marks.append("JSON")
    return " · ".join(marks)
