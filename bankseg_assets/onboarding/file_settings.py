"""The sample of a file as columns, with the settings of how the file is written."""

from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq

from bankseg_assets.delivery import DeliveryContract
from bankseg_assets.landing.errors import DeliveryError
from bankseg_assets.landing.files import printable
from bankseg_assets.landing.parse import EXTRA_FILE, parse_delivery
from bankseg_assets.onboarding.columns import INVISIBLE, Column
from bankseg_assets.onboarding.draft import Draft
from bankseg_assets.onboarding.encodings import find_encoding
from bankseg_assets.onboarding.sample import SampleError, TextSample, kind_of, read_text_sample
from bankseg_assets.onboarding.text_tables import MOST_ROWS, TextTable, find_table

NO_HEADER = (
    "has no line that looks like a header, and a contract goes by the names of the columns. Put a "
    "line with the columns' names first (or have the bank send it), and try again."
)


@dataclass(frozen=True)
class Table:
    """The columns of a sample."""

    columns: tuple[Column, ...]
    rows: int


def read_table(path: Path, draft: Draft) -> Table:
    """Read a sample of a file, and write the settings of the table [file]. Raises SampleError."""
    if kind_of(path) == "text":
        return _read_text(path, draft)
    table = _read_typed(path)
    kind = kind_of(path).upper().replace("PARQUET", "Parquet")
    draft.say("file.delimiter", ",", f"of text files; this one is {kind}")
    draft.say("file.encoding", "utf-8", f"of text files; this one is {kind}")
    return table


def _read_text(path: Path, draft: Draft) -> Table:
    sample = read_text_sample(path)
    found = find_encoding(sample)
    encoding = found.name
    if len(found.candidates) > 1:
        answer = draft.ask("file.encoding", found.candidates, found.evidence, is_free=True)
        encoding = answer or encoding
        if answer:
            draft.answered("file.encoding", answer)
    else:
        encoding = draft.say("file.encoding", encoding, found.evidence)
    table = find_table(_texts(sample, encoding), has_end=sample.has_end)
    if table is None:
        raise SampleError(f"{printable(path.name)} {NO_HEADER}")
    if not table.rows:
        raise SampleError(
            f"{printable(path.name)} has a header but no record. Send the file again."
        )
    draft.say("file.delimiter", table.delimiter, table.delimiter_evidence)
    _say_layout(table, draft)
    return Table(table.columns, table.rows)


def _say_layout(table: TextTable, draft: Draft) -> None:
    if table.separator_line:
        draft.remark("file", "A first line `sep=` is left out without a setting.")
    if table.header_line > 1:
        draft.say(
            "file.header_line",
            table.header_line,
            f"names {table.named} of its {len(table.columns)} columns; other lines are above it",
        )
    if table.footer_words:
        words = list(table.footer_words)
        draft.say("file.footer_starts_with", words, "lines with few values that begin so")
    if table.footer_lines:
        lines = table.footer_lines
        answer = draft.ask(
            "file.footer_lines",
            (str(lines), "0"),
            f"the last {lines} have not the header's fields: a footer of the bank in every file "
            f"({lines}), or damaged records (0)",
        )
        if answer:
            draft.answered("file.footer_lines", int(answer))
    if table.malformed:
        draft.remark(
            "file", f"{table.malformed:,} sampled rows have not the header's fields: see the check."
        )


def _texts(sample: TextSample, encoding: str) -> list[str]:
    """Decode the pieces; lines that a piece holds a part of are dropped."""
    texts = []
    try:
        for number, piece in enumerate(sample.pieces):
            is_last = number == len(sample.pieces) - 1
            text = piece.decode(_of_piece(encoding, sample.pieces[0], number), "replace")
            if number:
                text = text[text.find("\n") + 1 :]
            if not (is_last and sample.has_end):
                text = text[: text.rfind("\n") + 1]
            texts.append(text.removeprefix("\ufeff"))
    except LookupError as error:
        raise SampleError(
            f"{encoding!r} is no encoding; expected a name such as cp1252."
        ) from error
    return texts


def _of_piece(encoding: str, first: bytes, number: int) -> str:
    """Return the encoding of a piece: those after the first have no byte-order mark."""
    if number == 0 or encoding not in ("utf-16", "utf-32"):
        return encoding
    is_little = first.startswith(b"\xff\xfe")
    return f"{encoding}-{'le' if is_little else 'be'}"


def _read_typed(path: Path) -> Table:
    """Read a file whose columns have types, through the landing parser, as text."""
    everything = replace(DeliveryContract(), columns={}, row_filters=())
    with TemporaryDirectory(prefix="bankseg-") as folder:
        output = Path(folder) / "records.parquet"
        try:
            parse_delivery(
                path, everything, file_name=printable(path.name), sha256="0" * 64, output=output
            )
        except DeliveryError as error:
            raise SampleError(str(error)) from error
        extra = output.with_name(EXTRA_FILE)
        if not extra.exists():
            raise SampleError(f"{printable(path.name)} has no column of text, numbers or dates.")
        table = pq.read_table(extra).drop_columns(["row_number"])
    step = -(-table.num_rows // MOST_ROWS) or 1
    kept = table.take(list(range(0, table.num_rows, step)))
    kinds = _kinds(path)
    return Table(
        tuple(
            Column(
                name,
                tuple((value or "").strip(INVISIBLE) for value in kept[name].to_pylist()),
                kinds.get(name, ""),
            )
            for name in kept.column_names
        ),
        kept.num_rows,
    )


def _kinds(path: Path) -> dict[str, str]:
    if kind_of(path) != "parquet":
        return {}
    return {field.name: str(field.type) for field in pq.read_schema(path)}
