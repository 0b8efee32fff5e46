"""Score a table of customers: the same rows and columns, with result columns added."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bankseg_assets.contracts.currencies import signs
from bankseg_assets.privacy.objections import Objections
from bankseg_assets.scoring.answers import answers
from bankseg_assets.scoring.bundle import (
    Bundle,
)
from bankseg_assets.scoring.documents import NumberInput
from bankseg_assets.scoring.inputs import Column, asked_of, is_count, refusal, unknown
from bankseg_assets.scoring.lists.hold_out import HoldOut
from bankseg_assets.scoring.lists.parse_numbers import Flags, numbers, texts
from bankseg_assets.stats.arrays import Array

SEGMENT, SEGMENT_NAME, SEGMENT_ID = "segment", "segment_name", "segment_id"
CERTAINTY = "certainty"
ERROR = "error"
ACTION = "action"
HELD_OUT = "held_out_of_campaign"
LEFT_OUT = "left_out_by_objection"
RESULTS = (
    *(SEGMENT, SEGMENT_NAME, SEGMENT_ID, "confidence", CERTAINTY, ACTION),
    *(HELD_OUT, LEFT_OUT, "model_version", "snapshot_date", ERROR),
)
"""The added columns; columns of the list with these names are replaced."""
UNSURE_TEXT, SURE_TEXT = "not sure", "sure"
FIRST_ROW = 2  # as in a spreadsheet, where the header is row 1


@dataclass(frozen=True)
class Scorer:
    """How the tables of one list are scored.

    `columns`: input -> its column. `actions`: segment -> recommended action; without any, the
    result column is omitted. `decimal`: the decimal separator in text. `objections`: who objects to
    marketing, by the column `identity`: they have no action. Without any, the result column is
    omitted.
    """

    bundle: Bundle
    columns: Mapping[str, str]
    hold_out: HoldOut | None = None
    actions: Mapping[int, str] = dataclasses.field(default_factory=dict)
    decimal: str = "."
    objections: Objections = dataclasses.field(default_factory=Objections)
    identity: str = ""

    @property
    def _finds_objections(self) -> bool:
        return bool(self.objections.ids and self.identity)

    @property
    def results(self) -> tuple[str, ...]:
        """The columns that this scorer adds."""
        left_out = {ACTION} if not self.actions else set()
        left_out |= {HELD_OUT} if self.hold_out is None else set()
        left_out |= {SEGMENT_ID} if not self.bundle.segment_ids else set()
        left_out |= set() if self._finds_objections else {LEFT_OUT}
        return tuple(name for name in RESULTS if name not in left_out)

    def score(
        self,
        table: pa.Table,
        row_numbers: Sequence[int] | None = None,
        broken: Mapping[int, str] | None = None,
    ) -> pa.Table:
        """Return the table with RESULTS; columns that are not inputs stay unchanged.

        A row with invalid values gets no segment, and a sentence in `error` for each such value.
        `row_numbers`: the row numbers in these sentences, by default from FIRST_ROW on. `broken`:
        index in the table -> what is wrong with that row as a whole. Raises ListError as
        `numbers`.
        """
        row_numbers = row_numbers or range(FIRST_ROW, FIRST_ROW + table.num_rows)
        known, found = self.read(table)
        problems = {place: list(wrong.values()) for place, wrong in found.items()}
        for place, problem in (broken or {}).items():
            problems[place] = [problem]  # its values may be shifted: what they are says nothing
        failed = np.zeros(table.num_rows, dtype=bool)
        failed[list(problems)] = True
        known = {name: np.where(failed, np.nan, values) for name, values in known.items()}
        errors: list[str | None] = [None] * table.num_rows
        for place, sentences in problems.items():
            errors[place] = " ".join([f"Row {row_numbers[place]}:", *sentences])
        kept = table.select([name for name in table.column_names if name not in RESULTS])
        results = self._answer(known, failed) | self._about(table)
        results[ERROR] = pa.array(errors, pa.string())
        if self._finds_objections:
            objecting = self._objecting(table)
            results[LEFT_OUT] = objecting
            if ACTION in results:
                results[ACTION] = pc.if_else(
                    objecting, pa.scalar(None, pa.string()), results[ACTION]
                )
        for name in RESULTS:
            if name in results:
                kept = kept.append_column(name, results[name])
        return kept

    def read(self, table: pa.Table) -> tuple[dict[str, Column], dict[int, dict[str, str]]]:
        """Return the column of each input, and row index -> input -> what is wrong with it.

        Raises ListError as `numbers`.
        """
        known: dict[str, Column] = {}
        problems: dict[int, dict[str, str]] = {}
        for field in asked_of(self.bundle):
            measure = field.measure
            name = self.columns.get(measure, "")
            if not name:
                known[measure] = unknown(field, table.num_rows)
            elif not isinstance(field, NumberInput):
                known[measure] = texts(table[name])
            else:
                money = signs(field.unit) if field.unit == self.bundle.currency else ()
                known[measure], wrong = numbers(table[name], self.decimal, name, money)
                for place in np.flatnonzero(wrong | outside(field, known[measure])).tolist():
                    found = table[name][place].as_py() if wrong[place] else known[measure][place]
                    problems.setdefault(place, {})[measure] = refusal(field, found)
        return known, problems

    def _answer(self, known: Mapping[str, Column], failed: Flags) -> dict[str, pa.Array]:
        if not len(failed):
            found = np.empty(0, dtype=np.int64), np.empty(0), np.empty(0, dtype=bool)
        else:
            scored = answers(self.bundle, known)
            found = scored.places, scored.confidence, scored.sure
        places, confidence, sure = found
        segments = self.bundle.segments
        ids = [segment.segment for segment in segments]
        results = {
            SEGMENT: _pick(ids, places, failed, pa.int64()),
            SEGMENT_NAME: _pick([one.name for one in segments], places, failed, pa.string()),
            **(
                {SEGMENT_ID: _pick([permanent[one] for one in ids], places, failed, pa.int64())}
                if (permanent := self.bundle.segment_ids)
                else {}
            ),
            "confidence": pa.array(confidence, pa.float64(), mask=failed),
            CERTAINTY: _pick((UNSURE_TEXT, SURE_TEXT), sure.astype(np.int64), failed, pa.string()),
        }
        if self.actions:
            advice = [self.actions.get(number) for number in ids]
            # An uncertain answer is not a reason to act.
            results[ACTION] = _pick(advice, places, failed | ~sure, pa.string())
        return results

    def _objecting(self, table: pa.Table) -> pa.Array:
        """Return whether each customer objects to marketing; false for one without an ID."""
        ids = table[self.identity].cast(pa.string()).to_pylist()
        return pa.array([one.strip() in self.objections if one else False for one in ids])

    def _about(self, table: pa.Table) -> dict[str, pa.Array]:
        constants = {
            "model_version": self.bundle.version,
            "snapshot_date": self.bundle.snapshot_date,
        }
        results = {name: pa.repeat(text, table.num_rows) for name, text in constants.items()}
        if self.hold_out is not None:
            results[HELD_OUT] = _held_out(self.hold_out, table[self.hold_out.id_column])
        return results


def outside(field: NumberInput, values: Array) -> Flags:
    """Return which values are not within the range of an input, or a fraction of a count."""
    found: Flags = (values < field.minimum) | (values > field.maximum)
    if is_count(field):
        known = np.where(np.isfinite(values), values, 0)
        found |= known != np.floor(known)
    return found


def _pick(choices: Sequence[Any], places: Any, failed: Flags, kind: pa.DataType) -> pa.Array:
    """Return choices[places], null where `failed`."""
    return pa.array(choices, kind).take(pa.array(places, pa.int64(), mask=failed))


def _held_out(hold_out: HoldOut, column: Any) -> pa.Array:
    """Return whether each customer is held out; null for one without an ID."""
    texts = (str(value).strip() if value is not None else "" for value in column.to_pylist())
    return pa.array([hold_out.holds(text) if text else None for text in texts], pa.bool_())
