"""Scenarios: a published release or version is truncated or changed on disk."""

import random
from pathlib import Path

from bankseg_assets.release.releases import current_release
from tools.faults.lab import EVERYTHING_JOB, Lab, compare
from tools.faults.reader import served_release
from tools.faults.scenario import FaultError, Outcome, scenario
from tools.faults.state import EVERYTHING


@scenario("corrupt-pointer", "a release that is cut or changed")
def pointer(lab: Lab, seed: int) -> Outcome:
    """The previous release is served; no repair is needed."""
    platform, outcome = lab.serving(2), Outcome(holds=False)
    newest, before = current_release(platform.published), platform.state()
    assert newest is not None
    with lab.watched(platform, outcome):
        outcome.detail = _damage(platform.published / "release" / newest.name / "model.json", seed)
        served = served_release(platform.published)
        if served is None or served.name == newest.name:
            raise FaultError(f"{served} is served")
    compare(platform, before, EVERYTHING, outcome)
    lab.discard(platform)
    return outcome


@scenario("corrupt-version", "a published model or table that is cut or changed")
def version(lab: Lab, seed: int) -> Outcome:
    """The previous release is served; the next run replaces the damaged version."""
    platform, outcome = lab.serving(2), Outcome(holds=False)
    newest = current_release(platform.published)
    assert newest is not None
    assets = ("nb_classifier", "segment_profiles", "cleaned_transactions", "kmeans_model")
    asset = assets[seed % len(assets)]
    file = max(
        (p for p in newest.path(asset).glob("[!_.]*") if p.suffix in (".json", ".parquet")),
        key=lambda path: path.stat().st_size,
    )
    with lab.watched(platform, outcome):
        outcome.detail = f"{asset} {_damage(file, seed)}"
        outcome.seconds["rerun"] = platform.rerun(*EVERYTHING_JOB)
    compare(platform, lab.refitted(2, 2), EVERYTHING, outcome)
    lab.discard(platform)
    return outcome


def _damage(path: Path, seed: int) -> str:
    """Truncate a file or change a byte; return which."""
    rng, content = random.Random(seed), bytearray(path.read_bytes())
    at = rng.randrange(len(content))
    if seed % 2:
        del content[at:]
    else:
        content[at] ^= 0x10
    path.chmod(0o644)
    path.unlink()  # a hard link may be shared with another version, which must stay intact
    path.write_bytes(content)
    return f"{'cut' if seed % 2 else 'changed'} at byte {at}"
