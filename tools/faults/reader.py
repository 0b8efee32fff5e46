"""A continuous reader of published data: `python -m tools.faults.reader PUBLISHED READS`.

Like the app, it reads the newest readable release, its classifier, and one of its tables, until
stdin closes; then it prints its counts.
"""

import json
import select
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from subprocess import PIPE, Popen

import pyarrow.parquet as pq

from bankseg_assets.release.releases import Release
from bankseg_assets.scoring.bundle import BundleError
from bankseg_assets.scoring.published_model import newest_first, read_model
from bankseg_assets.storage.version_store import DamagedVersionError

_PROFILE = ("segment_name", "customers")
MIN_RELEASES = 10  # that a valid test observes: on a busy disk a release takes as long as 300 reads
PAUSE_SECONDS = 0.02  # two cores are shared with the platform


@dataclass
class ReadCounts:
    """The counts of a reader."""

    reads: int = 0
    refused: int = 0
    torn: int = 0
    releases: int = 0
    why: str = ""


@contextmanager
def reading(published_dir: Path, n_reads: int = 0) -> Iterator[ReadCounts]:
    """Run a reader; its counts are filled in at the end.

    With `n_reads` it does not pause, and the end waits for that many reads.
    """
    command = [sys.executable, "-m", __name__, str(published_dir), str(n_reads)]
    counts = ReadCounts()
    with Popen(command, stdin=PIPE, stdout=PIPE, text=True) as reader:
        assert reader.stdout is not None
        reader.stdout.readline()  # the reader has started
        try:
            yield counts
        finally:
            output, _ = reader.communicate(timeout=30 + n_reads)
            vars(counts).update(json.loads(output))


def main(published_dir: Path, n_reads: int) -> None:
    """Read until stdin closes, with at least `n_reads` reads and several releases."""
    counts = ReadCounts()
    seen: set[str] = set()
    pause = 0.0 if n_reads else PAUSE_SECONDS
    print("reading", flush=True)
    required = MIN_RELEASES if n_reads else 0
    while (
        counts.reads < max(n_reads, 1)
        or len(seen) < required
        or not select.select([sys.stdin], [], [], pause)[0]
    ):
        counts.reads += 1
        try:
            served = served_release(published_dir)
        except MixedError as error:
            counts.torn, counts.why = counts.torn + 1, str(error)
            continue
        if served is None:
            counts.refused, counts.why = counts.refused + 1, f"no release at {time.strftime('%X')}"
        else:
            seen.add(served.name)
    counts.releases = len(seen)
    print(json.dumps(asdict(counts)))


class MixedError(Exception):
    """A read that mixes two states."""


def served_release(published_dir: Path) -> Release | None:
    """Return the newest release whose model and profiles are readable, as the app does.

    If as many releases are published during a read as are kept, all listed releases are gone; the
    list is then read again, as the app does every five seconds.
    """
    listed = newest_first(published_dir)
    while (served := _first_readable(listed)) is None:
        overtaken, listed = listed, newest_first(published_dir)
        if [release.name for release in listed] == [release.name for release in overtaken]:
            return None
    return served


def _first_readable(releases: list[Release]) -> Release | None:
    for release in releases:
        try:
            bundle = read_model(release)
            files = release.files("segment_profiles")
            tables = [pq.read_table(path, columns=list(_PROFILE)) for path in files]
        except (BundleError, DamagedVersionError, OSError, ValueError):
            continue  # damaged, or removed meanwhile
        profiles = {
            row for table in tables for row in zip(*table.to_pydict().values(), strict=True)
        }
        if profiles != {(segment.name, segment.customers) for segment in bundle.segments}:
            raise MixedError(f"{release.name}: the profiles are not those of the classifier")
        return release
    return None


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
