"""The figures of all releases, of which only the newest are kept.

`trend.jsonl` beside the releases has a line for each. The figures are of at least 11 customers, so
that nothing in it is of a person. The file is replaced atomically. A release that has no line yet,
such as a rollback or one before a crash, is added with the next; readers calculate its figures. So
is a kept release whose line is of an older build and has fewer figures: its last line counts.
"""

import json
from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError

from bankseg_assets.campaigns.audiences import CUSTOMERS
from bankseg_assets.campaigns.release_figures import FIGURES, ReleaseFigures, figures_of
from bankseg_assets.release.releases import Release, all_releases
from bankseg_assets.scoring.lists.errors import ListError
from bankseg_assets.storage.atomic_file import atomic_file

TREND_FILE = "trend.jsonl"


def record_trend(published_dir: Path) -> None:
    """Add the kept releases that are not in the file yet.

    Raises OSError, after which the file is as before; the next release adds what is missing.
    """
    path = published_dir / TREND_FILE
    old = path.read_bytes() if path.exists() else b""
    if old and not old.endswith(b"\n"):  # an editor removed it
        old += b"\n"
    added = _calculated(published_dir, _parsed(old))
    if added:
        lines = "".join(
            f"{json.dumps(one.model_dump(), allow_nan=False, ensure_ascii=False)}\n"
            for one in added
        )
        with atomic_file(path) as file:
            file.write(old + lines.encode())


def trend(published_dir: Path, up_to: Release) -> tuple[list[ReleaseFigures], list[ReleaseFigures]]:
    """Return the figures of the releases that led to one, oldest first.

    Those that can be compared with it; and those that cannot: of demo data beside the bank's, in
    another currency or with another customer key. Left out are releases that were rolled back, and
    the rollbacks, which repeat a release.
    """
    try:
        recorded = _parsed((published_dir / TREND_FILE).read_bytes())
    except OSError:
        recorded = []
    # The last line of a release has most figures.
    found = {one.release: one for one in (*recorded, *_calculated(published_dir, recorded))}
    led_to = _led_to(sorted(found.values(), key=lambda one: one.number), up_to)
    are_comparable = [_is_comparable(one, up_to) for one in led_to]
    return (
        [one for one, is_it in zip(led_to, are_comparable, strict=True) if is_it],
        [one for one, is_it in zip(led_to, are_comparable, strict=True) if not is_it],
    )


def _is_comparable(one: ReleaseFigures, other: Release) -> bool:
    """Return whether the figures of two releases count the same in the same currency."""
    same_key = one.customer_key in ("", other.customer_key) or not other.customer_key
    same_money = one.currency in ("", other.currency)
    return one.is_demo == other.is_demo and same_key and same_money


def _parsed(content: bytes) -> list[ReleaseFigures]:
    """Return the figures in a file; lines that are damaged or of another build are skipped."""
    found = []
    for line in content.splitlines():
        try:
            found.append(ReleaseFigures.model_validate_json(line))
        except ValidationError:
            continue
    return found


def _calculated(published_dir: Path, recorded: Iterable[ReleaseFigures]) -> list[ReleaseFigures]:
    """Return the figures of the kept releases that are not recorded in full, oldest first."""
    known = {one.release for one in recorded if one.version >= FIGURES}
    found = []
    for release in all_releases(published_dir):
        if release.name in known or CUSTOMERS not in release.versions:
            continue
        try:
            found.append(figures_of(release))
        except ListError:
            continue  # damaged, or removed meanwhile
    return found


def _led_to(found: Iterable[ReleaseFigures], up_to: Release) -> list[ReleaseFigures]:
    """Return the releases that led to one: a rollback removes those after the restored one."""
    kept: list[ReleaseFigures] = []
    for one in found:
        if one.number > up_to.number:
            break
        data = [earlier.data for earlier in kept]
        if one.data in data:
            kept = kept[: data.index(one.data) + 1]
        else:
            kept.append(one)
    return kept
