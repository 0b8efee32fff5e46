"""Deliver demo data into an empty platform as a bank would: `python -m ops.demo.deliveries`.

A first small file, released in half a minute, shows the platform at work. The rest of the million
follows once it is released: all other customers, and further transactions of the first ones, some
of whom then change segment. The products that they hold follow once these are released. Nothing is
delivered once the bank's own file has arrived.

It may be killed at any moment: files appear complete, and the next start continues.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from bankseg_assets.landing.files import DONE_SUFFIX
from bankseg_assets.release.releases import all_releases
from bankseg_assets.runtime.settings import Settings, load_settings
from bankseg_assets.storage.atomic_file import draft_in
from ops.demo.due import FIRST, HOLDINGS, REST, first_is_due, holdings_are_due, rest_is_due
from ops.demo.transactions import FULL_ROWS, HEADER, demo_chunks, write_lines

# Rows of the whole file that the first delivery covers, and of these every third is delivered with
# the rest. They are whole pools, so that their customers do not occur in other rows.
COVERED_ROWS = 75_000
LATER = 3
SEED = 7
POLL_SECONDS = 1.0
LOWEST_PRIORITY = 19


def deliver_first(settings: Settings, rows: int = FULL_ROWS) -> None:
    """Deliver the first file if it is due."""
    if first_is_due(settings):
        path = settings.landing_dir / FIRST
        _put(path, lambda file: _write(file, _first(rows)), lambda: True)


def deliver_rest(
    settings: Settings, pause: Callable[[float], None] = time.sleep, rows: int = FULL_ROWS
) -> None:
    """Deliver the other files that are due, each once the previous one is released."""

    def wait(is_due: Callable[[Settings], bool], before: str) -> bool:
        """Return true when a file may be delivered; false if it is not due any more."""
        while is_due(settings):
            if is_released(settings, before):
                return True
            pause(POLL_SECONDS)
        return False

    if rest_is_due(settings):
        path = settings.landing_dir / REST
        _put(path, lambda file: _write(file, _rest(rows)), lambda: wait(rest_is_due, FIRST))
    if holdings_are_due(settings):
        from ops.demo.holdings import write_holdings  # imports scipy

        path, files = settings.holdings_dir / HOLDINGS, (FIRST, REST)
        transactions = [settings.landing_dir / name for name in files]
        _put(
            path,
            lambda file: write_holdings(file, transactions=transactions, seed=SEED),
            lambda: wait(holdings_are_due, REST),
        )


def is_released(settings: Settings, name: str) -> bool:
    """Return whether a release has the transactions of a file."""
    releases = all_releases(settings.published_dir)
    return any(one.file_name == name for release in releases for one in release.deliveries)


def _first(rows: int) -> Iterator[list[str]]:
    chunk = next(demo_chunks(rows=rows, seed=SEED))  # has all of these rows
    yield [line for row, line in enumerate(chunk) if _is_first(row)]


def _rest(rows: int) -> Iterator[list[str]]:
    row = 0
    for lines in demo_chunks(rows=rows, seed=SEED):
        yield [line for number, line in enumerate(lines, row) if not _is_first(number)]
        row += len(lines)


def _is_first(row: int) -> bool:
    return row < COVERED_ROWS and row % LATER != LATER - 1


def _put(path: Path, write: Callable[[BinaryIO], int], is_time: Callable[[], bool]) -> None:
    """Write a file while the previous one is in progress, and deliver it when it is time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with draft_in(path.parent) as draft:
        rows = write(draft.file)
        draft.file.flush()
        if not is_time():
            return
        Path(f"{path}{DONE_SUFFIX}").touch()
        draft.publish(path)
    print(f"{rows:,} demo rows in {path}", flush=True)


def _write(file: BinaryIO, chunks: Iterator[list[str]]) -> int:
    rows = 0
    write_lines(file, [HEADER])
    for lines in chunks:
        write_lines(file, lines)
        rows += len(lines)
    return rows


def main() -> int:
    """Deliver what is due into the platform's folders."""
    settings = load_settings()
    deliver_first(settings)
    # What is written while a run is in progress must not slow it down.
    os.nice(LOWEST_PRIORITY)
    deliver_rest(settings)
    return 0


if __name__ == "__main__":
    sys.exit(main())
