"""An uploaded list of customers: columns, results, and rows corrected by hand."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import pandas as pd
import pyarrow as pa
from streamlit.runtime.uploaded_file_manager import UploadedFile

from bankseg_assets.presentation.csv_export import csv_text, to_csv
from bankseg_assets.scoring.bundle import Bundle
from bankseg_assets.scoring.documents import NumberInput
from bankseg_assets.scoring.inputs import Input, asked_of
from bankseg_assets.scoring.lists.hold_out import HoldOut
from bankseg_assets.scoring.lists.reading import CustomerList, Dialect, open_list
from bankseg_assets.scoring.lists.score_table import Scorer

CHUNK_ROWS = 20_000
MAX_SHOWN = 500  # sent to the browser; the download has all rows
Progress = Callable[[int], object]


def template(bundle: Bundle) -> bytes:
    """Return a CSV with the model's inputs as columns, and an example customer."""
    fields = asked_of(bundle)
    example = {field.measure: [_example(field)] for field in fields}
    return to_csv(pd.DataFrame({"customer_id": ["example"], **example}))


def _example(field: Input) -> float | str:
    if not isinstance(field, NumberInput) or field.default is None:
        return ""
    return field.default


def column_names(upload: UploadedFile) -> list[str]:
    """Return the columns of a list. Raises ListError."""
    with _opened(upload) as customers:
        return list(customers.names)


def score(upload: UploadedFile, scorer: Scorer, progress: Progress) -> pd.DataFrame:
    """Return every row of a list with its results; `progress` is called with the rows done.

    Columns keep Arrow types: as Python strings, 200,000 rows would take 60 MB more. Raises
    ListError.
    """
    tables: list[pa.Table] = []
    done = 0
    with _opened(upload) as customers:
        for chunk in customers.chunks:
            tables.append(scorer.score(chunk.table, chunk.numbers, chunk.broken))
            done += chunk.table.num_rows
            progress(done)
    return _frame(pa.concat_tables(tables, promote_options="permissive"))


def corrected(result: pd.DataFrame, edited: pd.DataFrame, scorer: Scorer) -> pd.DataFrame:
    """Return the result with the `edited` rows (same index) scored again."""
    rows = result.loc[edited.index].copy()
    columns = [name for name in edited.columns if name != "error"]
    rows[columns] = edited[columns]
    table = pa.Table.from_pandas(rows.astype(dict.fromkeys(columns, str)), preserve_index=False)
    again = _frame(scorer.score(table, [int(place) + 2 for place in edited.index]))
    again.index = edited.index
    found = result.copy()
    for name in again.columns:
        if found[name].dtype != again[name].dtype:  # numbers, while typed values are texts
            found[name] = found[name].astype(object)
        found.loc[edited.index, name] = again[name].astype(found[name].dtype)
    return found


def to_csv_bytes(result: pd.DataFrame) -> bytes:
    """Return the result as CSV, created in chunks; all at once takes twice the memory."""
    written = BytesIO()
    for start in range(0, max(len(result), 1), CHUNK_ROWS):
        piece = csv_text(result.iloc[start : start + CHUNK_ROWS], header=start == 0)
        written.write(piece.encode("utf-8" if start else "utf-8-sig", errors="replace"))
    return written.getvalue()


def _frame(table: pa.Table) -> pd.DataFrame:
    found: pd.DataFrame = table.to_pandas(types_mapper=pd.ArrowDtype)
    return found


def scorer(
    bundle: Bundle,
    columns: Mapping[str, str],
    identity: str,
    campaign: str,
    actions: Mapping[int, str],
) -> Scorer:
    """Return the scorer of a list; `identity`: the column of customer IDs, if any."""
    hold_out = HoldOut(identity, campaign) if identity else None
    return Scorer(bundle, columns, hold_out, actions)


@contextmanager
def _opened(upload: UploadedFile) -> Iterator[CustomerList]:
    """Open an upload as a temporary file; of its untrusted name only the suffix is used."""
    suffix = "".join(Path(upload.name).suffixes[-2:]).lower()
    with tempfile.TemporaryDirectory(prefix="bankseg-list-") as folder:
        path = Path(folder) / f"list{suffix}"
        path.write_bytes(upload.getbuffer())
        with open_list(path, Dialect()) as customers:
            yield customers
