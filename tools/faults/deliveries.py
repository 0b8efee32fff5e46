"""Scenarios: files that arrive slowly, twice, late, damaged, or not at all."""

import random
import threading
import time
from pathlib import Path

import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from bankseg_assets.landing.ledger import Ledger
from tools.faults.lab import INGEST, TAKE, Lab, Platform, compare
from tools.faults.scenario import FaultError, Outcome, scenario
from tools.faults.state import INGESTION, RAW

MAX_PAUSE_SECONDS = 1.5  # a file that has not changed for two seconds counts as complete


@scenario("slow-upload", "a file that is written while batches look at it")
def slow_upload(lab: Lab, seed: int) -> Outcome:
    """Batches that run during an upload in chunks must ignore the file."""
    platform, outcome, rng = lab.serving(1), Outcome(holds=False), random.Random(seed)
    content = lab.files[1].read_bytes()
    target = platform.settings.landing_dir / "bank_01.csv"
    before = platform.state(RAW)

    def upload() -> None:
        with target.open("wb") as file:
            size = len(content) // 12
            for start in range(0, len(content), size):
                file.write(content[start : start + size])
                file.flush()
                time.sleep(rng.uniform(0.1, MAX_PAUSE_SECONDS))

    sender = threading.Thread(target=upload)
    with lab.watched(platform, outcome):
        sender.start()
        looks = 0
        while sender.is_alive():
            platform.rerun(*TAKE)
            looks += 1
            if sender.is_alive() and platform.state(RAW) != before:
                sender.join()
                raise FaultError("a part of the file was ingested")
        outcome.seconds["rerun"] = platform.rerun(*TAKE)
    outcome.detail = f"{looks} batches looked meanwhile"
    return _done(lab, platform, outcome, 2)


@scenario("same-content", "the same content under another name", quick=True)
def same_content(lab: Lab, seed: int) -> Outcome:
    """The content is counted once, and the ledger has one entry."""
    platform, outcome = lab.serving(1), Outcome(holds=False)
    with lab.watched(platform, outcome):
        platform.deliver(lab.files[0], f"again_{seed}.csv")
        outcome.seconds["rerun"] = platform.rerun(*TAKE)
    n_known = len(_deliveries(platform))
    if n_known != 1:
        raise FaultError(f"the ledger has {n_known} entries")
    return _done(lab, platform, outcome, 1)


@scenario("same-name", "other content under the same name")
def same_name(lab: Lab, seed: int) -> Outcome:
    """Both are deliveries."""
    platform, outcome = lab.serving(1), Outcome(holds=False)
    with lab.watched(platform, outcome):
        platform.deliver(lab.files[1], lab.files[0].name)
        outcome.seconds["rerun"] = platform.rerun(*TAKE)
    return _done(lab, platform, outcome, 2)


@scenario("late-file", "files that arrive late and in another order")
def late_file(lab: Lab, seed: int) -> Outcome:
    """The tables do not depend on the order of the files."""
    platform, outcome = lab.serving(1), Outcome(holds=False)
    late = [1, 2]
    random.Random(seed).shuffle(late)
    with lab.watched(platform, outcome):
        for number in late:
            platform.deliver(lab.files[number])
            outcome.seconds["rerun"] = platform.rerun(*INGEST)
    compare(platform, lab.undisturbed(3, *INGEST), INGESTION, outcome)
    lab.discard(platform)
    return outcome


@scenario("deleted-during-read", "a file that is deleted while it is read")
def deleted(lab: Lab, seed: int) -> Outcome:
    """The file is deleted when it is opened, and is then sent again."""
    platform, outcome = lab.serving(1), Outcome(holds=False)
    platform.settings.landing_dir.joinpath(lab.files[0].name).unlink()
    file = platform.deliver(lab.files[1])
    before = platform.state(RAW)
    when, nth = ("before", "after")[seed % 2], str(1 + seed // 2 % 2)
    with lab.watched(platform, outcome):
        fault = ("--at", "landed", "--do", "delete", "--when", when, "--nth", nth)
        platform.rerun(*TAKE, *fault)
        if file.exists():
            raise FaultError("the fault did not happen")
        # If deleted after its last read, it was ingested whole; otherwise not at all.
        if platform.state(RAW) not in (before, lab.undisturbed(2, *TAKE)):
            raise FaultError("a part of the file was ingested")
        platform.deliver(lab.files[1])
        outcome.seconds["rerun"] = platform.rerun(*TAKE)
    outcome.detail = f"{when} opening {nth}"
    return _done(lab, platform, outcome, 2)


@scenario("truncated-parquet", "a Parquet file that is cut off, then sent whole", quick=True)
def truncated_parquet(lab: Lab, seed: int) -> Outcome:
    """The truncated file is rejected with a reason; the complete file is ingested."""
    platform, outcome = lab.serving(1), Outcome(holds=False)
    whole = _as_parquet(lab.files[1])
    part = whole.with_name(f"part_{seed}.parquet")
    content = whole.read_bytes()
    part.write_bytes(content[: random.Random(seed).randint(5, len(content) - 1)])
    before = platform.state(RAW)
    with lab.watched(platform, outcome):
        platform.deliver(part, "bank_01.parquet")
        platform.rerun(*TAKE)
        (rejected,) = (d for d in _deliveries(platform) if d.status == "rejected")
        if platform.state(RAW) != before:
            raise FaultError("rows of the truncated file were ingested")
        platform.deliver(whole, "bank_01.parquet")
        outcome.seconds["rerun"] = platform.rerun(*TAKE)

    def deliver(platform: Platform) -> None:
        platform.deliver(lab.files[0])
        platform.deliver(whole)

    outcome.detail = rejected.reason[:60]
    compare(platform, lab.reference("parquet", deliver, *TAKE), RAW, outcome)
    lab.discard(platform)
    return outcome


def _done(lab: Lab, platform: Platform, outcome: Outcome, n_files: int) -> Outcome:
    compare(platform, lab.undisturbed(n_files, *TAKE), RAW, outcome)
    lab.discard(platform)
    return outcome


def _deliveries(platform: Platform):  # type: ignore[no-untyped-def]
    return Ledger(platform.settings.ledger_path).deliveries()


def _as_parquet(csv: Path) -> Path:
    path = csv.with_name("bank_01.parquet")
    if not path.exists():
        strings = pa_csv.ConvertOptions(
            column_types=dict.fromkeys(pa_csv.read_csv(csv).column_names, "string"),
            strings_can_be_null=False,
        )
        pq.write_table(pa_csv.read_csv(csv, convert_options=strings), path)
    return path
