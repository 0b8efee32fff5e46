"""A reader that never rests: `python -m tools.faults.reader PUBLISHED READS`.

Reads as the app does: the newest release that can be read, its classifier, and a table beside it.
Until stdin closes; then prints what it met.
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
FEWEST_RELEASES = 10  # of a reader that counts: on a busy disk one takes as long as 300 reads
PAUSE_SECONDS = 0.02  # two cores are shared with the platform


@dataclass
class Met:
    """What a reader met."""

    reads: int = 0
    refused: int = 0
    torn: int = 0
    releases: int = 0
    why: str = ""


@contextmanager
def reading(published_dir: Path, n_reads: int = 0) -> Iterator[Met]:
    """Have a reader at work; what it met is filled in at the end.

    With `n_reads` it never pauses, and the end waits for so many reads.
    """
    command = [sys.executable, "-m", __name__, str(published_dir), str(n_reads)]
    met = Met()
    with Popen(command, stdin=PIPE, stdout=PIPE, text=True) as reader:
        assert reader.stdout is not None
        reader.stdout.readline()  # it has begun
        try:
            yield met
        finally:
            told, _ = reader.communicate(timeout=30 + n_reads)
            vars(met).update(json.loads(told))


def main(published_dir: Path, n_reads: int) -> None:
    """Read until stdin closes, and there were so many reads and several releases."""
    met = Met()
    seen: set[str] = set()
    pause = 0.0 if n_reads else PAUSE_SECONDS
    print("reading", flush=True)
    fewest = FEWEST_RELEASES if n_reads else 0
    while (
        met.reads < max(n_reads, 1)
        or len(seen) < fewest
        or not select.select([sys.stdin], [], [], pause)[0]
    ):
        met.reads += 1
        try:
            served = served_release(published_dir)
        except MixedError as error:
            met.torn, met.why = met.torn + 1, str(error)
            continue
        if served is None:
            met.refused, met.why = met.refused + 1, f"no release at {time.strftime('%X')}"
        else:
            seen.add(served.name)
    met.releases = len(seen)
    print(json.dumps(asdict(met)))


class MixedError(Exception):
    """A read that shows two states at once."""


def served_release(published_dir: Path) -> Release | None:
    """Return the newest release whose model and profiles can be read, as the app shows it.

    A reader that is held up while as many releases are published as are kept finds all of its
    list gone; it looks again, as the app does every five seconds.
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
        told = {row for table in tables for row in zip(*table.to_pydict().values(), strict=True)}
        if told != {(segment["name"], segment["customers"]) for segment in bundle.segments}:
            raise MixedError(f"{release.name}: the profiles are not those of the classifier")
        return release
    return None


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
