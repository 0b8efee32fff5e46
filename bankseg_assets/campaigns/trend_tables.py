"""The figures of all releases as tables for files: CSV and XLSX."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

import pandas as pd

from bankseg_assets.campaigns.audiences import GROUP, SEGMENT
from bankseg_assets.campaigns.release_figures import ALL, COHORT, Figures, ReleaseFigures
from bankseg_assets.campaigns.trend_series import Kind, Series, series, whole
from bankseg_assets.presentation.csv_export import to_csv
from bankseg_assets.presentation.spreadsheet import write_xlsx

SHEETS: Mapping[Kind, str] = {
    ALL: "All customers",
    SEGMENT: "Segments",
    GROUP: "RFM groups",
    COHORT: "First months",
}
DELIVERIES = "Deliveries"
Row = dict[str, Any]


def figure_rows(found: Sequence[ReleaseFigures], kind: Kind, names: Mapping[int, str]) -> list[Row]:
    """Return a row for each release and segment, group or cohort; None is unknown or hidden.

    Hidden is what concerns fewer than 11 customers, or would reveal so few.
    """
    return [
        _row(of, one, figures)
        for one in ([whole(found)] if kind == ALL else series(found, kind, names))
        for of, figures in zip(found, one.figures, strict=True)
        if figures is not None
    ]


def delivery_rows(found: Sequence[ReleaseFigures]) -> list[Row]:
    """Return a row for each release with its new files and their rows; None is 1 to 10 rows.

    Without the releases of older builds, of which it is not known.
    """
    return [
        _release(one)
        | {
            "files": one.arrived.files,
            "rows_accepted": one.arrived.accepted,
            "rows_quarantined": one.arrived.quarantined,
            "rows_duplicate": one.arrived.duplicates,
        }
        for one in found
        if one.arrived is not None
    ]


def csv_of(found: Sequence[ReleaseFigures], names: Mapping[int, str]) -> bytes:
    """Return all figures as one CSV; `kind` says which of them a row has."""
    rows = [
        {"kind": SHEETS[kind]} | row for kind in SHEETS for row in figure_rows(found, kind, names)
    ]
    rows += [{"kind": DELIVERIES} | row for row in delivery_rows(found)]
    return to_csv(pd.DataFrame(rows).convert_dtypes())


def xlsx_of(found: Sequence[ReleaseFigures], names: Mapping[int, str]) -> bytes:
    """Return a workbook with a sheet for each kind of figures, and one for the deliveries."""
    sheets = {name: figure_rows(found, kind, names) for kind, name in SHEETS.items()}
    sheets[DELIVERIES] = delivery_rows(found)
    file = BytesIO()
    write_xlsx(file, {name: _cells(rows) for name, rows in sheets.items() if rows})
    return file.getvalue()


def _release(one: ReleaseFigures) -> Row:
    return {
        "version": one.number,
        "snapshot_date": one.snapshot_date,
        "created_at": one.created_at,
        "model_version": one.model,
    }


def _row(of: ReleaseFigures, one: Series, figures: Figures) -> Row:
    return _release(of) | {
        "name": one.name,
        **({"segment_id": figures.id} if one.kind == SEGMENT else {}),
        "customers": figures.customers,
        "money": figures.money,
        "income": figures.income,
        "currency": of.currency,
        f"active_share_{of.active_days}_days": figures.active_share,
        "repeat_share": figures.repeat_share,
    }


def _cells(rows: Sequence[Row]) -> list[list[Any]]:
    """Return rows with a header; an unknown value is an empty cell."""
    header = list(dict.fromkeys(name for row in rows for name in row))
    return [
        header,
        *(["" if row.get(name) is None else row[name] for name in header] for row in rows),
    ]
