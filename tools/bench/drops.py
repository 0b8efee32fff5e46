"""Time from a file dropped on a running platform to the release that contains it."""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryDirectory

from bankseg_assets.release.releases import current_release
from ops.demo.transactions import write_demo_transactions
from ops.launch.instance import prepare_instance
from tools.bench.batches import Result, split
from tools.bench.measured import SAMPLE_SECONDS, Measured, Usage
from tools.faults.lab import Platform
from tools.faults.scenario import FaultError
from tools.faults.serving import Serving

MOST_SECONDS = 1800.0
ROWS_IN_USE = 104_856  # of the first file, which the model in use is fitted on
SMALL = 30_000
DROPPED = "{:,} rows dropped on a running platform"
SECOND = "{:,} rows dropped after these"
IDLE = "the platform idle, a minute"
WARM = "{}, with a warm worker"
IDLE_SECONDS = 60.0
LOOK_SECONDS, QUIET_LOOKS = 5.0, 3
QUIET_SHARE = 0.4  # of a core: sensors and daemon need 0.1, a worker that is prepared 1 to 2


def drops(
    million: int, repeats: int, work: Path, *, seed: int, warm: bool = False
) -> Iterator[Result]:
    """Measure three deliveries to a platform under `make run`, then the platform without work.

    The deliveries: 30,000 rows, a million, 30,000.

    Each file has the marker that says it is complete, so the wait for it to settle is excluded; the
    sensors' intervals are included. CPU and memory are of the whole platform. `warm`: with a warm
    run worker, which is ready before each delivery.
    """
    sizes = (ROWS_IN_USE, SMALL, million, SMALL)
    files = list(_files(sizes, work, seed))
    runs = [_dropped(files, work, warm=warm) for _ in range(repeats)]
    names = [DROPPED.format(SMALL), DROPPED.format(million), SECOND.format(SMALL), IDLE]
    if warm:
        names = [WARM.format(name) for name in names]
    for place, (name, before) in enumerate(zip(names, accumulate(sizes), strict=True)):
        yield Result.of(name, before, [(run[place], {}) for run in runs])
    for file in files:
        file.unlink()


def _files(sizes: Sequence[int], work: Path, seed: int) -> Iterator[Path]:
    """Yield demo transactions, split into files of these sizes with distinct IDs."""
    rest = work / "rest.csv"
    write_demo_transactions(rest, rows=sum(sizes), seed=seed)
    for number, rows in enumerate(sizes):
        # Not a demo's name: the gates of the bank's own data apply.
        file, remaining = work / f"bank_{number}.csv", work / "remaining.csv"
        split(rest, rows, file, remaining)
        remaining.replace(rest)
        yield file
    rest.unlink()


def _dropped(files: Sequence[Path], work: Path, *, warm: bool) -> list[Measured]:
    first, *later = files
    with TemporaryDirectory(dir=work) as folder:
        platform = Platform(Path(folder))
        landing = platform.settings.landing_dir
        landing.mkdir(parents=True)
        prepare_instance(platform.settings.dagster_home)
        os.link(first, landing / first.name)
        platform.rerun("--job", "refresh")
        runs: list[Measured] = []
        with _serving(platform, {"BANKSEG_WARM_WORKER": str(warm).lower()}) as serving:
            for file in later:
                _rest(serving)
                runs.append(_until_released(platform, serving, file))
            _rest(serving)
            return [*runs, _measured(serving, lambda seconds: seconds >= IDLE_SECONDS)]


def _rest(serving: Serving) -> None:
    """Wait until the platform has nothing more to do, as preparing a warm worker."""
    quiet = 0
    while quiet < QUIET_LOOKS:
        look = _measured(serving, lambda seconds: seconds >= LOOK_SECONDS)
        quiet = quiet + 1 if look.cpu_seconds < QUIET_SHARE * look.seconds else 0


def _measured(serving: Serving, is_over: Callable[[float], bool]) -> Measured:
    """Measure the platform until `is_over`, which is given the seconds so far."""
    usage = Usage(serving.processes)
    usage.sample()
    before, started, seconds = usage.cpu_seconds, time.monotonic(), 0.0
    while not is_over(seconds):
        time.sleep(SAMPLE_SECONDS)
        usage.sample()
        seconds = time.monotonic() - started
    return Measured(seconds, usage.cpu_seconds - before, usage.memory, "")


@contextmanager
def _serving(platform: Platform, environ: Mapping[str, str]) -> Iterator[Serving]:
    serving = Serving(platform, environ)
    try:
        yield serving
    finally:
        serving.stop()


def _until_released(platform: Platform, serving: Serving, file: Path) -> Measured:
    before = current_release(platform.published)
    landed = platform.settings.landing_dir / file.name
    os.link(file, landed)
    landed.with_name(f"{landed.name}.done").touch()

    def is_released(seconds: float) -> bool:
        if seconds > MOST_SECONDS:
            raise FaultError(f"{file.name} was not released within {MOST_SECONDS:.0f} s")
        return current_release(platform.published) not in (None, before)

    found = _measured(serving, is_released)
    serving.wait_for(lambda: not platform.unfinished_runs(), "the end of the run", MOST_SECONDS)
    return found
