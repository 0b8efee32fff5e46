"""Clean new deliveries, and reuse the results of earlier ones.

The result for a row depends on its own file and on rows with its transaction ID. So a new file is
validated alone and compared with earlier IDs; the few earlier parts with a row that is now repeated
are rewritten, and everything else is linked. The result equals that of all files at once. When the
contract, the code or the set of files changed otherwise, everything is cleaned again.
"""

import hashlib
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import pyarrow.dataset as ds
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.cleaning import deduplication, outliers, transaction_ids, validation
from bankseg_assets.cleaning.outliers import Fences
from bankseg_assets.cleaning.parts import (
    REPEATS,
    Parts,
    file_names,
    holding,
    parts_of,
    row_numbers_without,
    rows_by_delivery,
    write_parts,
)
from bankseg_assets.cleaning.rules_version import CLEANING_RULES
from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.contracts.tables import (
    CLEANED_TRANSACTIONS,
    QUARANTINED_TRANSACTIONS,
    RAW_TRANSACTIONS,
    Table,
)
from bankseg_assets.storage.outputs import ParquetFiles
from bankseg_assets.storage.parquet import read_parquet
from bankseg_assets.storage.version_store import (
    DamagedVersionError,
    VersionStore,
    verify,
    version_basis,
)

# With more repeated rows, every part of their files is rewritten; with more rows that are not kept,
# all are validated again.
MOST_ROWS_TO_LOOK_UP = 100_000
MOST_ROWS_TO_CACHE = 300_000  # validated once for fences, kept and broken rows; some 100 MB

Dispositions = dict[str, dict[str, int]]
"""Delivery -> disposition (`quarantined`, `duplicate`) -> rows."""


@dataclass(frozen=True)
class Cleaned:
    """Both tables as files to link, with their row counts."""

    kept: ParquetFiles
    quarantined: ParquetFiles
    rows_in: int
    rows_not_kept: dict[str, int]
    fences: dict[str, dict[str, Fences]]
    n_deliveries: int
    n_new: int
    summary: str


@dataclass(frozen=True)
class _PreviousResults:
    """The results of an earlier version that can be reused."""

    kept: Parts = field(default_factory=dict)
    quarantined: Parts = field(default_factory=dict)
    fences: dict[str, dict[str, Fences]] = field(default_factory=dict)
    deliveries: frozenset[str] = frozenset()
    reason: str = ""


def clean(
    spark: SparkSession,
    store: VersionStore,
    folder: Path,
    contract: DeliveryContract,
    *,
    taken_on: Mapping[str, date],
    winners: Iterable[str],
) -> Cleaned:
    """Update cleaned_transactions and quarantined_transactions to the newest raw rows.

    `folder`: for output, on the store's file system. `taken_on`: delivery -> the day of ingestion.
    `winners`: deliveries whose rows override contradicting ones, the strongest last.
    """
    raw = parts_of(store.latest("raw_transactions"))
    fingerprint = _fingerprint(contract)
    order: dict[str, Any] = {
        "taken_on": {delivery: taken_on[delivery].isoformat() for delivery in sorted(raw)},
        "corrections": [delivery for delivery in winners if delivery in raw],
    }
    before = _reusable_results(store, fingerprint, order)
    new = sorted(set(raw) - before.deliveries)
    kept, quarantined, fences = dict(before.kept), dict(before.quarantined), dict(before.fences)
    if new:
        deliveries = _Deliveries(raw, new, taken_on, winners=order["corrections"])
        with _CleaningJob(spark, folder, contract, deliveries, before.kept) as work:
            fences |= work.fences
            kept |= work.kept() | work.rewrite_earlier_parts(before.kept)
            quarantined |= work.broken(kept) | work.repeats(before.quarantined.get(REPEATS, []))
    basis = {
        "fingerprint": fingerprint,
        **order,
        "fences": {d: {m: asdict(f) for m, f in found.items()} for d, found in fences.items()},
    }
    not_kept = dispositions(path for paths in quarantined.values() for path in paths)
    totals = {
        name: sum(found.get(name, 0) for found in not_kept.values())
        for name in {name for found in not_kept.values() for name in found}
    }
    return Cleaned(
        kept=ParquetFiles(file_names(kept), basis),
        quarantined=ParquetFiles(file_names(quarantined), basis),
        rows_in=sum(rows_by_delivery(raw).values()),
        rows_not_kept=totals,
        fences=fences,
        n_deliveries=len(raw),
        n_new=len(new),
        summary=f"{len(new)} of {len(raw)} deliveries were cleaned now."
        + (f" {before.reason}" if before.reason else ""),
    )


def dispositions(files: Iterable[Path]) -> Dispositions:
    """Return delivery -> disposition -> quarantined rows, counted in the written files."""
    paths = sorted(map(str, files))
    if not paths:
        return {}
    table = ds.dataset(paths).to_table(["delivery", "disposition"])
    counted = table.group_by(["delivery", "disposition"]).aggregate([([], "count_all")])
    found: Dispositions = {}
    for row in counted.to_pylist():
        found.setdefault(row["delivery"], {})[row["disposition"]] = row["count_all"]
    return found


@dataclass(frozen=True)
class _Deliveries:
    """All raw deliveries, and which of them are new."""

    raw: Parts
    new: list[str]
    taken_on: Mapping[str, date]
    winners: list[str]
    """Those whose rows override contradicting ones, the strongest last."""

    @property
    def n_new_rows(self) -> int:
        """The number of records in the new deliveries."""
        return sum(rows_by_delivery({one: self.raw[one] for one in self.new}).values())

    @property
    def old(self) -> list[str]:
        """The deliveries that were cleaned before."""
        return sorted(set(self.raw) - set(self.new))

    def files(self, deliveries: Iterable[str]) -> list[Path]:
        """Return the raw files of some deliveries."""
        return [path for delivery in deliveries for path in self.raw[delivery]]

    def not_after(self, deliveries: Iterable[str]) -> Column:
        """Return the last valid transaction day of the rows of some deliveries."""
        return deduplication.day_of_grace({one: self.taken_on[one] for one in deliveries})


class _CleaningJob:
    """The Spark jobs that clean new deliveries in addition to earlier ones.

    A context manager: entering it validates the new rows and finds the repeated ones, leaving it
    releases the cached frames.
    """

    fences: dict[str, dict[str, Fences]]
    """Delivery -> measure -> fences of the new deliveries."""

    def __init__(
        self,
        spark: SparkSession,
        folder: Path,
        contract: DeliveryContract,
        deliveries: _Deliveries,
        kept_before: Parts,
    ) -> None:
        self._spark = spark
        self._folder = folder
        self._contract = contract
        self._deliveries = deliveries
        self._kept_before = kept_before
        self._cached = ExitStack()
        self._verdicts: DataFrame | None = None
        self._n_not_kept: dict[str, int] = {}

    def __enter__(self) -> Self:
        with ExitStack() as cached:  # releases the frames if one of the jobs fails
            arrived = self._read_raw(self._deliveries.new)
            not_after = self._deliveries.not_after(self._deliveries.new)
            self._validated = validation.validate(arrived, self._contract, not_after=not_after)
            measured = validation.measures(arrived, self._contract)
            self._is_large = self._deliveries.n_new_rows > MOST_ROWS_TO_CACHE
            if not self._is_large:
                measured = self._validated = _persisted(self._validated, cached)
            self._identified = transaction_ids.identified(self._validated, self._contract)
            self.fences = outliers.outlier_fences(measured, self._contract)
            self._find_repeats(arrived, not_after, cached)
            self._cached = cached.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._cached.close()

    def _find_repeats(self, arrived: DataFrame, not_after: Column, cached: ExitStack) -> None:
        """Decide which rows of new and earlier deliveries repeat a transaction."""
        contract, deliveries = self._contract, self._deliveries
        before = self._earlier_ids()
        ids = deduplication.transaction_ids_of(arrived, contract, not_after=not_after)
        frame = cached.enter_context(deduplication.repeated_among(ids, before))
        repeated = _persisted(frame, cached)
        if repeated.isEmpty():
            return
        possible = [*_deliveries_with(repeated, before), *deliveries.new]
        self._possible_repeats = self._read_raw(possible)
        verdicts = deduplication.verdicts(
            self._possible_repeats,
            repeated,
            contract,
            not_after=deliveries.not_after(possible),
            winners=deliveries.winners,
        )
        self._verdicts = _persisted(verdicts, cached)
        rows = self._verdicts.groupBy("delivery").count().collect()
        self._n_not_kept = {row["delivery"]: row["count"] for row in rows}

    def kept(self) -> Parts:
        """Write the kept rows of the new deliveries."""
        rows = validation.keep(
            self._identified, self._not_kept(), outliers.outlier_flags(self.fences)
        )
        return write_parts(rows, self._folder / "kept", self._deliveries.new)

    def rewrite_earlier_parts(self, parts: Parts) -> Parts:
        """Rewrite the parts of earlier deliveries that hold a row which is now repeated."""
        hit = sorted(set(self._n_not_kept) & set(parts))
        if not hit or self._verdicts is None:
            return {}
        stale = {delivery: self._stale(delivery, parts[delivery]) for delivery in hit}
        files = [path for paths in stale.values() for path in paths]
        if not files:
            return {}
        rows = self._read(CLEANED_TRANSACTIONS, files)
        # The join puts its columns first.
        left = rows.join(self._verdicts, validation.ROW_KEY, "left_anti").select(*rows.columns)
        written = write_parts(left, self._folder / "kept_from_before", hit)
        return {
            delivery: [path for path in parts[delivery] if path not in stale[delivery]]
            + written.get(delivery, [])
            for delivery in hit
        }

    def broken(self, kept: Parts) -> Parts:
        """Write the rows of new deliveries that broke a rule; skip the pass if there are none."""
        new = self._deliveries.new
        raw_rows = rows_by_delivery({d: self._deliveries.raw[d] for d in new})
        kept_rows = rows_by_delivery({d: kept.get(d, []) for d in new})
        with_broken_rows = [
            d for d in new if raw_rows[d] > kept_rows[d] + self._n_not_kept.get(d, 0)
        ]
        if not with_broken_rows:
            return {}
        n_left = sum(raw_rows[d] - kept_rows[d] for d in with_broken_rows)
        validated = self._validated.where(F.col("delivery").isin(with_broken_rows))
        if self._is_large and n_left <= MOST_ROWS_TO_LOOK_UP:
            validated = self._validated_again(with_broken_rows, kept)
        return write_parts(validation.broken(validated), self._folder / "broken", with_broken_rows)

    def _validated_again(self, deliveries: list[str], kept: Parts) -> DataFrame:
        """Validate the rows of some deliveries that were not kept, which are few.

        Looking for them among the validated rows would validate all of these a second time.
        """
        raw = self._deliveries.raw
        numbers = {d: row_numbers_without(raw[d], kept.get(d, [])) for d in deliveries}
        left = pd.concat(
            pd.DataFrame({"delivery": delivery, "row_number": found})
            for delivery, found in numbers.items()
        )
        keys = self._spark.createDataFrame(left, "delivery string, row_number long")
        rows = self._read_raw(deliveries)
        rows = rows.join(F.broadcast(keys), validation.ROW_KEY, "left_semi").select(*rows.columns)
        not_after = self._deliveries.not_after(deliveries)
        return validation.validate(rows, self._contract, not_after=not_after)

    def repeats(self, before: list[Path]) -> Parts:
        """Write the rows that repeat a transaction, of earlier and new deliveries."""
        if self._verdicts is None or not self._n_not_kept:
            return {}
        rows = validation.repeats(self._possible_repeats, self._verdicts)
        if before:
            old = self._read(QUARANTINED_TRANSACTIONS, before)
            rows = old.join(self._verdicts, validation.ROW_KEY, "left_anti").unionByName(rows)
        return write_parts(rows, self._folder / REPEATS, [REPEATS])

    def _not_kept(self) -> DataFrame | None:
        return self._verdicts if self._n_not_kept else None

    def _earlier_ids(self) -> DataFrame | None:
        """Return the IDs of earlier rows, with their delivery.

        For IDs derived from the content, only kept rows: any other sound row duplicates a kept one,
        and recomputing its ID would need its whole delivery.
        """
        old = self._deliveries.old
        if transaction_ids.are_of_content(self._contract):
            files = [path for delivery in old for path in self._kept_before.get(delivery, [])]
            return self._read(CLEANED_TRANSACTIONS, files) if files else None
        if not old:
            return None
        not_after = self._deliveries.not_after(old)
        return deduplication.transaction_ids_of(
            self._read_raw(old), self._contract, not_after=not_after
        )

    def _stale(self, delivery: str, parts: list[Path]) -> list[Path]:
        assert self._verdicts is not None
        if self._n_not_kept[delivery] > MOST_ROWS_TO_LOOK_UP:
            return list(parts)
        rows = self._verdicts.where(F.col("delivery") == delivery).select("row_number").collect()
        return holding(parts, np.sort(np.array([row[0] for row in rows], dtype=np.int64)))

    def _read_raw(self, deliveries: Iterable[str]) -> DataFrame:
        return self._read(RAW_TRANSACTIONS, self._deliveries.files(deliveries))

    def _read(self, table: Table, files: Iterable[Path]) -> DataFrame:
        return read_parquet(self._spark, table.ddl, *files)


def _deliveries_with(repeated: DataFrame, before: DataFrame | None) -> list[str]:
    """Return the earlier deliveries with a row of a repeated transaction."""
    if before is None:
        return []
    ids = before.select("transaction_id", "delivery")
    hit = ids.join(repeated, "transaction_id", "left_semi").select("delivery").distinct()
    return sorted(row["delivery"] for row in hit.collect())


def _persisted(frame: DataFrame, cached: ExitStack) -> DataFrame:
    """Cache a frame until `cached` closes."""
    cached.callback(frame.unpersist)
    return frame.persist()


def _reusable_results(
    store: VersionStore, fingerprint: str, order: Mapping[str, Any]
) -> _PreviousResults:
    """Return the newest version's results, if it is intact and was made in the same way.

    `order`: the day of ingestion of each delivery, and those whose rows win.
    """
    versions = store.versions("cleaned_transactions")
    if not versions:
        return _PreviousResults()
    basis = version_basis(versions[-1])
    if change := _change(basis, fingerprint, order):
        return _PreviousResults(reason=f"{change}, so all are cleaned again.")
    matching = [v for v in store.versions("quarantined_transactions") if version_basis(v) == basis]
    if not matching:
        return _PreviousResults(
            reason="The previous quarantined rows are missing, so all are cleaned again."
        )
    try:
        for version in (versions[-1], matching[-1]):
            verify(version)
    except DamagedVersionError as error:
        return _PreviousResults(reason=f"{error} All are cleaned again.")
    return _PreviousResults(
        kept=parts_of(versions[-1]),
        quarantined=parts_of(matching[-1]),
        fences={
            delivery: {measure: Fences(**fence) for measure, fence in found.items()}
            for delivery, found in basis["fences"].items()
        },
        deliveries=frozenset(basis["taken_on"]),
    )


def _change(basis: Mapping[str, Any], fingerprint: str, order: Mapping[str, Any]) -> str:
    """Return what changed since a version was made that affects its rows; empty for nothing."""
    if basis.get("fingerprint") != fingerprint:
        return "The contract or the rules have changed"
    then, now = basis["taken_on"], order["taken_on"]
    if not then.keys() <= now.keys():
        return "Some deliveries were withdrawn"
    known_corrections = [delivery for delivery in order["corrections"] if delivery in then]
    if then.items() <= now.items() and basis["corrections"] == known_corrections:
        return ""
    return "Some deliveries were delivered again at another time"


def _fingerprint(contract: DeliveryContract) -> str:
    """Return a SHA-256 of what decides the result for a row, besides the deliveries."""
    tables = CLEANED_TRANSACTIONS.ddl + QUARANTINED_TRANSACTIONS.ddl
    said = f"{CLEANING_RULES} {contract.fingerprint} {tables}"
    return hashlib.sha256(said.encode()).hexdigest()
