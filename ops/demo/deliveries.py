"""Deliver demo data into an empty platform as a bank would: `python -m ops.demo.deliveries`.

A first small file, released in half a minute, shows the platform at work. The rest of the million
follows once it is released: all other customers, and further transactions of the first ones, some
of whom then change segment. Nothing is delivered once the bank's own file has arrived.

It may be killed at any moment: files appear complete, and the next start continues.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from bankseg_assets.landing.files import DONE_SUFFIX
from bankseg_assets.landing.ledger import DEMO_FILE_PREFIX, DEMO_HOLDINGS_PREFIX
from bankseg_assets.release.releases import current_release
from bankseg_assets.runtime.settings import Settings, load_settings
from bankseg_assets.storage.atomic_file import Draft, draft_in
from ops.demo.due import FIRST, REST, first_is_due, rest_is_due
from ops.demo.holdings import write_holdings
from ops.demo.transactions import FULL_ROWS, HEADER, demo_chunks, write_lines

# Rows of the whole file that the first delivery covers, and of these every third is delivered with
# the rest. They are whole pools, so that their customers do not occur in other rows.
COVERED_ROWS = 75_000
LATER = 3
SEED = 7
POLL_SECONDS = 1.0


def deliver(
    settings: Settings, pause: Callable[[float], None] = time.sleep, rows: int = FULL_ROWS
) -> None:
    """Deliver what is due; wait for the first release in between."""
    if first_is_due(settings):
        _put(settings, FIRST, _first(rows))
    while rest_is_due(settings):
        if current_release(settings.published_dir) is not None:
            _put(settings, REST, _rest(rows))
            return
        pause(POLL_SECONDS)


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


def _put(settings: Settings, name: str, chunks: Iterator[list[str]]) -> None:
    """Put a file of transactions and one of holdings into their folders."""
    for folder in (settings.landing_dir, settings.holdings_dir):
        folder.mkdir(parents=True, exist_ok=True)
    transactions = settings.landing_dir / name
    holdings = settings.holdings_dir / name.replace(DEMO_FILE_PREFIX, DEMO_HOLDINGS_PREFIX)
    with ExitStack() as stack:
        drafts = [stack.enter_context(draft_in(path.parent)) for path in (transactions, holdings)]
        rows = _write(drafts[0], chunks)
        before = [settings.landing_dir / FIRST] if name == REST else []
        write_holdings(drafts[1].file, transactions=[*before, drafts[0].path], seed=SEED)
        # The transactions last: they are what says that a delivery was made.
        for draft, path in ((drafts[1], holdings), (drafts[0], transactions)):
            Path(f"{path}{DONE_SUFFIX}").touch()
            draft.publish(path)
    print(f"{rows:,} demo transactions in {transactions}", flush=True)


def _write(draft: Draft, chunks: Iterator[list[str]]) -> int:
    rows = 0
    write_lines(draft.file, [HEADER])
    for lines in chunks:
        write_lines(draft.file, lines)
        rows += len(lines)
    draft.file.flush()
    return rows


def main() -> int:
    """Deliver what is due into the platform's folders."""
    deliver(load_settings())
    return 0


if __name__ == "__main__":
    sys.exit(main())
