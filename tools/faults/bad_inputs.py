"""Run the real ingestion on damaged files and compare every accepted row with an oracle.

`run()` returns the figures for docs/reliability.md. The public files are in ../shared/data/torture;
without them only the generated files are used.
"""

import csv
import io
import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import SparkSession
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.cleaning.validation import validate
from bankseg_assets.contracts.delivery import ColumnRule, DeliveryContract
from bankseg_assets.contracts.tables import RAW_TRANSACTIONS
from bankseg_assets.landing.errors import DeliveryError
from bankseg_assets.landing.parse import EXTRA_FILE, Parsed, parse_delivery
from bankseg_assets.runtime.settings import Settings
from bankseg_assets.runtime.spark import create_session, prepare_process, spark_config
from tools.faults.pollution import CONTRACT, HEADER, Row, polluted_files

TORTURE = Path(__file__).parents[3] / "shared" / "data" / "torture"
SEEDS = 10
RECORDS = "records.parquet"

# Those of Pollock's nine columns that our rules can check; the free texts are extra columns.
POLLOCK = replace(
    CONTRACT,
    columns={
        "transaction_id": ColumnRule("PRODUCTID", pattern="[A-Z]{2}-[0-9]{4}"),
        "customer_id": ColumnRule("Price", pattern=r"[$][0-9]+[.][0-9]{2}"),
        "gender": ColumnRule("ProductType", pattern=r"[A-Z][^;|\t]*"),
        "location": ColumnRule(
            "URL", pattern="https://www[.]example[.]com/product/[A-Z0-9_]+.html"
        ),
        "transaction_date": ColumnRule("DATE", format="dd/MM/yyyy"),
        "transaction_time": ColumnRule("TIME", format="HH:mm"),
        "amount": ColumnRule("Qty"),
    },
)


@dataclass(frozen=True)
class BadInput:
    """A file to ingest; without an oracle it may be refused or quarantined, but must not crash."""

    name: str
    content: bytes
    contract: DeliveryContract
    oracle: frozenset[Row] | None = None
    has_value_rules: bool = True
    """Whether the value rules apply; if not, every record with all fields is accepted."""


@dataclass
class Ingested:
    """The result of ingesting a file."""

    bad: BadInput
    folder: Path
    seconds: float
    parsed: Parsed | None = None
    refusal: str = ""
    accepted: list[Row] = field(default_factory=list)
    quarantined: int = 0
    without_reason: int = 0

    @property
    def differing(self) -> list[Row]:
        """The accepted rows that are not in the oracle."""
        if self.bad.oracle is None:
            return []
        oracle = set(map(_stripped, self.bad.oracle))
        return [row for row in self.accepted if _stripped(row) not in oracle]


def run(spark: SparkSession | None = None) -> dict[str, int | float]:
    """Ingest every bad input; return the counts."""
    with TemporaryDirectory() as folder:
        session = spark or _start_spark(Path(folder))
        try:
            return summary(ingest_all([*generated(), *public()], Path(folder), session))
        finally:
            if spark is None:
                session.stop()


def summary(ingested: list[Ingested]) -> dict[str, int | float]:
    """Return the counts of a run."""
    records = sum(_records_in(one.bad.content) for one in ingested if one.parsed)
    accepted = sum(len(one.accepted) for one in ingested)
    quarantined = sum(one.quarantined for one in ingested)
    left_out = sum(sum(one.parsed.lines_left_out.values()) for one in ingested if one.parsed)
    return {
        "files": len(ingested),
        "files_refused": sum(bool(one.refusal) for one in ingested),
        "records": records,
        "rows_accepted": accepted,
        "rows_quarantined": quarantined,
        "lines_left_out": left_out,
        "rows_unaccounted": records - accepted - quarantined - left_out,
        "rows_or_files_without_reason": sum(one.without_reason for one in ingested),
        "rows_differing": sum(len(one.differing) for one in ingested),
        "slowest_file_seconds": round(max(one.seconds for one in ingested), 2),
    }


def generated(seeds: int = SEEDS) -> list[BadInput]:
    """Return bank rows with each of Pollock's kinds of damage."""
    return [
        BadInput(f"generated/{bad.name}", bad.content, CONTRACT, bad.oracle)
        for seed in range(seeds)
        for bad in polluted_files(seed)
    ]


def public() -> list[BadInput]:
    """Return the files of public test suites that are present."""
    return [*pollock(), *csv_spectrum(), *duckdb(), *parquet_bad(), *naughty_strings()]


def pollock() -> Iterator[BadInput]:
    """Yield Pollock's sample; the oracle is the file before the damage."""
    for path in sorted((TORTURE / "pollock" / "csv").glob("*.csv")):
        clean = (TORTURE / "pollock" / "clean" / path.name).read_text(encoding="utf-8")
        rows = frozenset(map(tuple, csv.reader(io.StringIO(clean, newline=""))))
        yield BadInput(f"pollock/{path.name}", path.read_bytes(), POLLOCK, rows)


def csv_spectrum() -> Iterator[BadInput]:
    """Yield unusual but valid files; the oracle is their JSON."""
    for path in sorted((TORTURE / "csv_spectrum" / "csvs").glob("*.csv")):
        oracle = json.loads(
            (TORTURE / "csv_spectrum" / "json" / f"{path.stem}.json").read_text(encoding="utf-8")
        )
        rows = frozenset(tuple(row.values()) for row in oracle)
        yield _by_its_own_header(f"csv_spectrum/{path.name}", path.read_bytes(), rows)


def duckdb() -> Iterator[BadInput]:
    """Yield DuckDB's files; the oracle is Python's csv module, if it can read them strictly."""
    for path in sorted((TORTURE / "duckdb").rglob("*")):
        if path.is_file() and "csv" in path.suffixes[-2:][0]:
            content = path.read_bytes()
            yield _by_its_own_header(f"duckdb/{path.name}", content, _python_rows(content))


def parquet_bad() -> Iterator[BadInput]:
    """Yield damaged Parquet files."""
    for path in sorted((TORTURE / "parquet_bad").rglob("*.parquet")):
        yield BadInput(f"parquet_bad/{path.name}", path.read_bytes(), CONTRACT)


def naughty_strings() -> Iterator[BadInput]:
    """Yield valid rows with a naughty string as location, transaction ID or customer ID."""
    path = TORTURE / "blns" / "blns.json"
    strings = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    for column in ("location", "transaction_id", "customer_id"):
        sound = dict.fromkeys(CONTRACT.header, "1") | {
            "birth_date": "10/1/94",
            "gender": "F",
            "transaction_date": "2/8/16",
        }
        rows = [tuple((sound | {column: text}).values()) for text in strings]
        text = io.StringIO(newline="")
        csv.writer(text, quoting=csv.QUOTE_ALL).writerows([HEADER, *rows])
        if rows:
            content = text.getvalue().encode()
            yield BadInput(f"blns/{column}", content, CONTRACT, frozenset(rows))


def ingest_all(inputs: Iterable[BadInput], folder: Path, spark: SparkSession) -> list[Ingested]:
    """Ingest every file and apply the value rules where they are known."""
    ingested = [_ingest(bad, folder / f"{place:05}") for place, bad in enumerate(inputs)]
    reasons = _quarantine_reasons(ingested, spark)
    for one in ingested:
        _count_rows(one, reasons)
    return ingested


def _ingest(bad: BadInput, folder: Path) -> Ingested:
    folder.mkdir()
    original = folder / "original"
    original.write_bytes(bad.content)
    ingested = Ingested(bad, folder, 0.0)
    started = time.monotonic()
    try:
        ingested.parsed = parse_delivery(
            original, bad.contract, file_name="f", sha256=folder.name, output=folder / RECORDS
        )
    except DeliveryError as error:
        ingested.refusal = str(error)
    ingested.seconds = time.monotonic() - started
    return ingested


def _quarantine_reasons(
    ingested: list[Ingested], spark: SparkSession
) -> dict[tuple[str, int], str | None]:
    """Return (delivery, row) -> reason to quarantine it, by the platform's rules."""
    reasons: dict[tuple[str, int], str | None] = {}
    for contract in (CONTRACT, POLLOCK):
        paths = [
            str(one.folder / RECORDS)
            for one in ingested
            if one.parsed and one.bad.has_value_rules and one.bad.contract is contract
        ]
        if paths:
            raw = spark.read.schema(RAW_TRANSACTIONS.ddl).parquet(*paths)
            marked = validate(raw, contract, not_after=F.lit(date(2030, 1, 1)))
            for row in marked.select("delivery", "row_number", "reason").collect():
                reasons[row["delivery"], row["row_number"]] = row["reason"]
    return reasons


def _count_rows(one: Ingested, reasons: dict[tuple[str, int], str | None]) -> None:
    if one.parsed is None:
        one.without_reason = not one.refusal.startswith("f ")
        return
    records = pq.read_table(one.folder / RECORDS).to_pylist()
    extra_path = one.folder / EXTRA_FILE
    extra = pq.read_table(extra_path) if extra_path.exists() else pa.table({"row_number": []})
    extras = {row.pop("row_number"): row for row in extra.to_pylist()}
    for record in records:
        number, text = record["row_number"], record["malformed_text"]
        reason = reasons.get((one.folder.name, number)) if one.bad.has_value_rules else None
        if text is not None or reason is not None:
            one.quarantined += 1
            one.without_reason += one.bad.has_value_rules and not reason
        else:
            one.accepted.append(_row_in_file_order(one.bad, record, extras.get(number, {})))


def _row_in_file_order(bad: BadInput, record: dict[str, str], extra: dict[str, str]) -> Row:
    """Return a row in the column order of the file."""
    if bad.contract is POLLOCK:
        ours = {rule.name: record[name] for name, rule in bad.contract.columns.items()}
        order = ("DATE", "TIME", "Qty", "PRODUCTID", "Price", "ProductType")
        rest = ("ProductDescription", "URL", "Comments")
        return tuple((ours | extra)[name] for name in (*order, *rest))
    return (*(record[name] for name in bad.contract.columns), *extra.values())


def _stripped(row: Row) -> Row:
    """Return a row without surrounding blanks and trailing empty fields."""
    fields = [field.strip() for field in row]
    while fields and not fields[-1]:
        fields.pop()
    return tuple(fields)


def _records_in(content: bytes) -> int:
    """Count the records of an ingested file independently of the ingestion."""
    if content.startswith(b"PAR1"):
        return int(pq.read_metadata(io.BytesIO(content)).num_rows)
    text = content.decode()
    try:
        rows = sum(1 for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row)
    except csv.Error:  # invalid quotes: every line is a record
        rows = sum(1 for line in content.splitlines() if line)
    return rows - 1


def _by_its_own_header(name: str, content: bytes, oracle: frozenset[Row] | None) -> BadInput:
    """Return an input whose contract requires only the file's first column."""
    start = content[:100_000].removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n").splitlines()
    line = start[0].decode(errors="replace") if start else ""
    first = next(iter(next(csv.reader([line]), [])), "")
    contract = replace(CONTRACT, columns={"location": ColumnRule(first)})
    return BadInput(name, content, contract, oracle, has_value_rules=False)


def _python_rows(content: bytes) -> frozenset[Row] | None:
    try:
        text = content.decode().removeprefix("\ufeff")
        return frozenset(map(tuple, csv.reader(io.StringIO(text, newline=""), strict=True)))
    except (UnicodeDecodeError, csv.Error):
        return None


def _start_spark(folder: Path) -> SparkSession:
    settings = Settings(data_dir=folder, spark_master="local[2]")
    prepare_process(settings)
    return create_session(spark_config(settings))


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
