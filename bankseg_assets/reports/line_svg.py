"""Small lines as SVG, for pages that open offline and need no script."""

from collections.abc import Sequence
from html import escape

from bankseg_assets.presentation.axes import line_range

WIDTH, HEIGHT, SPACE = 240, 60, 4
COLOUR = "#1f4e79"


def line_svg(values: Sequence[float | None], places: Sequence[float], label: str) -> str:
    """Return a line through the known values, with gaps between, and a dot on the last.

    `places`: ascending, on the axis. `label`: for screen readers, without markup. Only numbers and
    the label are in the result.
    """
    known = [value for value in values if value is not None]
    if not known:
        return ""
    low, high = line_range(known)
    span = (places[-1] - places[0]) or 1.0
    points: list[tuple[float, float] | None] = [
        None
        if value is None
        else (
            round(SPACE + (WIDTH - 2 * SPACE) * (place - places[0]) / span, 1),
            round(HEIGHT - HEIGHT * (value - low) / (high - low), 1),
        )
        for place, value in zip(places, values, strict=True)
    ]
    drawn = "".join(
        f'<polyline points="{" ".join(f"{x},{y}" for x, y in part)}"/>'
        for part in _parts(points)
        if len(part) > 1
    )
    dots = [part[0] for part in _parts(points) if len(part) == 1]
    dots += [point for point in points[::-1] if point is not None][:1]
    circles = "".join(f'<circle cx="{x}" cy="{y}" r="3"/>' for x, y in dict.fromkeys(dots))
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(label, quote=True)}">'
        f'<g fill="none" stroke="{COLOUR}" stroke-width="2">{drawn}</g>'
        f'<g fill="{COLOUR}">{circles}</g></svg>'
    )


def _parts(points: Sequence[tuple[float, float] | None]) -> list[list[tuple[float, float]]]:
    """Return the runs of known points."""
    found: list[list[tuple[float, float]]] = [[]]
    for point in points:
        if point is not None:
            found[-1].append(point)
        elif found[-1]:
            found.append([])
    return [part for part in found if part]
