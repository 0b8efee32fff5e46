"""Try a contract on a sample of a file, as a batch would process it. Publishes nothing."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bankseg_assets.contracts.delivery import DELIVERED, DeliveryContract
from bankseg_assets.onboarding.advice import advise, column_of
from bankseg_assets.onboarding.landing_trial import Trial, try_landing
from bankseg_assets.onboarding.masking import masked
from bankseg_assets.onboarding.sample_cleaning import clean_sample, start_spark
from bankseg_assets.runtime.scratch import temporary_folder

SHOWN_ROWS = 5
SHOWN_EXAMPLES = 3
FEWEST_ROWS = 20
OURS = {("parsed", "direction")}
"""Our own words, which are not a customer's values."""
SMALL_SHARE = 0.01
"""Share of rows: with more quarantined, the contract needs a review."""
PARSED = (
    *("transaction_id", "customer_id", "transaction_at", "amount", "direction", "balance"),
    *("birth_date", "age", "gender", "location"),
)


@dataclass(frozen=True)
class Reason:
    """A reason of quarantine, with examples and advice."""

    code: str
    rows: int
    examples: tuple[str, ...]
    advice: str


@dataclass(frozen=True)
class Report:
    """The expected result of a batch for a file."""

    outcome: str
    """`accepted`, or why the file is not ingested: `rejected`, `ignored`."""
    detail: str
    records: int = 0
    sampled: int = 0
    accepted: int = 0
    duplicates: int = 0
    reasons: tuple[Reason, ...] = ()
    header: dict[str, str] = field(default_factory=dict)
    """Our column -> the file's."""
    rows: tuple[dict[str, dict[str, str]], ...] = ()
    """Some rows: `raw` and `parsed`, our column -> text."""
    facts: tuple[str, ...] = ()
    """Summary of the accepted rows, which reveals a misread column without showing values."""
    is_cut: bool = False
    seconds: float = 0.0

    @property
    def quarantined(self) -> int:
        """The number of sampled rows that break a rule."""
        return self.sampled - self.accepted - self.duplicates

    @property
    def exit_code(self) -> int:
        """0: success; 1: more than a small share would be quarantined; 2: no row is read."""
        if self.outcome != "accepted" or not self.sampled:
            return 2
        return int(self.quarantined > SMALL_SHARE * self.sampled)

    def document(self) -> dict[str, Any]:
        """Return the report as a JSON-serialisable document."""
        found = {key: value for key, value in self.__dict__.items() if key != "reasons"}
        found["reasons"] = [reason.__dict__ for reason in self.reasons]
        return found | {"quarantined": self.quarantined, "exit_code": self.exit_code}


def check(path: Path, contract: DeliveryContract, *, show_values: bool = False) -> Report:
    """Ingest and clean a sample of a file in a temporary folder. Raises OSError.

    Values are masked unless `show_values`.
    """
    started = time.monotonic()
    with temporary_folder() as folder:
        trial = try_landing(path, contract, folder)
        if trial.sample is None:
            return Report(
                trial.outcome,
                trial.detail,
                is_cut=trial.is_cut,
                seconds=round(time.monotonic() - started, 1),
            )
        start_spark(folder)
        kept, quarantined = clean_sample(trial.sample, trial.sha256, contract, folder)
        raw = pq.read_table(trial.sample)
        return _report(trial, raw, kept, quarantined, contract, started, show_values=show_values)


def _report(
    trial: Trial,
    raw: pa.Table,
    kept: pa.Table,
    quarantined: pa.Table,
    contract: DeliveryContract,
    started: float,
    *,
    show_values: bool,
) -> Report:
    counts = Counter(
        zip(quarantined["disposition"].to_pylist(), quarantined["reason"].to_pylist(), strict=True)
    )
    rows = {row["row_number"]: row for row in raw.to_pylist()}
    codes, numbers = (quarantined[name].to_pylist() for name in ("reason", "row_number"))
    reasons = []
    for (_, code), count in counts.most_common():
        broken = [rows[n] for n, reason in zip(numbers, codes, strict=True) if reason == code]
        reasons.append(_reason(code, count, broken, contract, show_values))
    return Report(
        "accepted",
        trial.detail,
        records=trial.records,
        sampled=raw.num_rows,
        accepted=kept.num_rows,
        duplicates=sum(n for (kind, _), n in counts.items() if kind == "duplicate"),
        reasons=tuple(reasons),
        header={
            ours: f" {rule.joined_by} ".join(rule.names) if rule.names else rule.name
            for ours, rule in contract.columns.items()
        },
        rows=tuple(_beside(kept, rows, contract, show_values=show_values)),
        facts=tuple(_facts(kept)),
        is_cut=trial.is_cut,
        seconds=round(time.monotonic() - started, 1),
    )


def _facts(kept: pa.Table) -> Iterator[str]:
    """Yield summary sentences about all rows, none about a small group."""
    if kept.num_rows < FEWEST_ROWS:
        return
    days = pc.min_max(kept["transaction_at"].cast(pa.date32())).as_py()
    yield f"Days from {days['min']} to {days['max']}"
    yield f"{len(kept['customer_id'].unique()):,} customers"
    for name in ("amount", "balance"):
        values = kept[name].drop_null().cast(pa.float64())
        if len(values) >= FEWEST_ROWS:
            low, middle, high = pc.quantile(values, [0.25, 0.5, 0.75]).to_pylist()
            yield f"Half of the {name}s from {low:z,.2f} to {high:z,.2f}, the median {middle:z,.2f}"
    counts = pc.value_counts(kept["direction"].drop_null()).to_pylist()
    if counts:
        yield ", ".join(f"{one['counts']:,} of {one['values']}" for one in counts)


def _reason(
    code: str,
    count: int,
    rows: list[dict[str, Any]],
    contract: DeliveryContract,
    show_values: bool,
) -> Reason:
    ours = column_of(code, contract)
    names = [ours] if ours in contract.columns else []
    if ours == "amount" and not names:
        names = [n for n in ("debit", "credit", "quantity", "unit_price") if n in contract.columns]
    values = [row[name] or "" for row in rows for name in names]
    texts = values if names else [row.get("malformed_text") or "" for row in rows]
    shapes = Counter(text if show_values else masked(text) for text in texts)
    examples = tuple(
        shape or "(empty)" for shape, _ in shapes.most_common(SHOWN_EXAMPLES) if names or shape
    )
    return Reason(code, count, examples, advise(code, values, contract))


def _beside(
    kept: pa.Table,
    rows: dict[int, dict[str, Any]],
    contract: DeliveryContract,
    *,
    show_values: bool,
) -> list[dict[str, dict[str, str]]]:
    """Return some rows as delivered, beside the parsed values."""
    step = max(1, kept.num_rows // SHOWN_ROWS)
    found = []
    for place in range(0, kept.num_rows, step)[:SHOWN_ROWS]:
        row = kept.slice(place, 1).to_pylist()[0]
        raw = rows[row["row_number"]]
        pair = {
            "raw": {name: str(raw[name] or "") for name in DELIVERED if name in contract.columns},
            "parsed": {name: str(row[name]) for name in PARSED if row[name] is not None},
        }
        if not show_values:
            pair = {
                side: {
                    name: text if (side, name) in OURS else masked(text)
                    for name, text in of_side.items()
                }
                for side, of_side in pair.items()
            }
        found.append(pair)
    return found


def as_json(report: Report) -> str:
    """Return the report as one line of JSON."""
    return json.dumps(report.document(), ensure_ascii=False)
