"""Remove generated data and caches without a prompt: `python -m ops.dev.clean`."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from bankseg_assets.landing.ledger import DEMO_FILE_PREFIX, DEMO_HOLDINGS_PREFIX
from bankseg_assets.runtime.settings import Settings, SettingsError, load_settings
from ops.exit_codes import reports
from ops.launch.preflight import PreflightError, data_lock

CACHES = (
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    ".hypothesis",
    "spark-warehouse",
    "metastore_db",
    "derby.log",
)


@reports(SettingsError, PreflightError)
def main(root: Path = Path()) -> int:
    """Clean the data folder and the project at `root`; return the exit code."""
    settings = load_settings()
    if settings.data_dir.exists():
        with data_lock(settings.data_dir, "make clean"):
            remove(generated_data(settings))
    remove(caches(root))
    print("Kept: .venv, delivered files, objections, tombstones of erased customers, audit log.")
    return 0


def generated_data(settings: Settings) -> Iterator[Path]:
    """Yield the paths that can be regenerated; never the data folder itself."""
    yield from sorted(settings.landing_dir.glob(f"{DEMO_FILE_PREFIX}*"))
    yield from sorted(settings.holdings_dir.glob(f"{DEMO_HOLDINGS_PREFIX}*"))
    yield settings.raw_dir
    yield settings.raw_holdings_dir
    yield settings.published_dir
    yield settings.dagster_home
    for ledger in (settings.ledger_path, settings.holdings_ledger_path):
        yield from sorted(settings.data_dir.glob(f"{ledger.name}*"))
    yield settings.logs_dir
    yield settings.alerts_dir
    yield settings.java_dir
    yield settings.scratch_dir
    yield settings.lock_path


def caches(root: Path) -> Iterator[Path]:
    """Yield the tools' caches in the project at `root`."""
    yield from (root / name for name in CACHES)
    for package in ("bankseg_assets", "bankseg_assets_tests", "app", "ops"):
        yield from sorted((root / package).rglob("__pycache__"))


def remove(paths: Iterator[Path]) -> None:
    """Remove each path that exists and print its name."""
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.exists():
            path.unlink()
        else:
            continue
        print(f"removed {path}")


if __name__ == "__main__":
    sys.exit(main())
