"""Records of erased customers leave a delivered file; the numbers of all others stay."""

import gzip
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.landing.customer_rows import shorten
from bankseg_assets.landing.parse import parse_delivery
from bankseg_assets_tests.landing.xlsx_files import write_xlsx

CONTRACT = DeliveryContract()
NAMES = list(CONTRACT.header.values())
HEADER = ",".join(NAMES)
GONE = "C7"


def fields(number: int, customer: str = "") -> list[str]:
    customer = customer or f"C{number}"
    place = "CANARYVILLE" if customer.strip(' "') == GONE else "PUNE"
    return [f"T{number}", customer, "10/1/94", "F", place, "9.5", "2/8/16", "143207", "25"]


def line(number: int, customer: str = "") -> str:
    return ",".join(fields(number, customer))


LINES = [HEADER, line(1), line(2, GONE), line(3), line(4, f" {GONE} "), line(5, f'"{GONE}"')]
PLAIN = "\n".join(LINES) + "\n"
BROKEN_PLACE = f'T6,{GONE},10/1/94,F,"CANARYVILLE\nEAST",9.5,2/8/16,143207,25'
SEMICOLONS = replace(CONTRACT, delimiter=";", encoding="utf-16")
TEXTS: dict[str, tuple[bytes, DeliveryContract]] = {
    "plain": (PLAIN.encode(), CONTRACT),
    "no last line end": (PLAIN.rstrip("\n").encode(), CONTRACT),
    "CRLF": (PLAIN.replace("\n", "\r\n").encode(), CONTRACT),
    "BOM": (b"\xef\xbb\xbf" + PLAIN.encode(), CONTRACT),
    "gzip": (gzip.compress(PLAIN.encode()), CONTRACT),
    "blank lines": (PLAIN.replace("\n", "\n\n").encode(), CONTRACT),
    "quoted line break": ("\n".join([*LINES, BROKEN_PLACE, line(8)]).encode() + b"\n", CONTRACT),
    "first and last": ("\n".join([HEADER, LINES[2], LINES[1], LINES[2]]).encode(), CONTRACT),
    "malformed": (f"{PLAIN}T9,{GONE},CANARYVILLE\n{line(9)}\n".encode(), CONTRACT),
    "misplaced quote": (
        f"{PLAIN}{line(8).replace('PUNE', 'PU' + chr(34) + 'NE')}\n".encode(),
        CONTRACT,
    ),
    "UTF-16, semicolons": (PLAIN.replace(",", ";").encode("utf-16"), SEMICOLONS),
}


def parsed(original: Path, contract: DeliveryContract = CONTRACT) -> Path:
    output = original.with_name("records.parquet")
    parse_delivery(original, contract, file_name="f", sha256="a", output=output, is_accepted=True)
    return output


def records(path: Path) -> list[dict[str, object]]:
    return sorted(pq.read_table(path).to_pylist(), key=lambda row: row["row_number"])


def assert_erased(folder: Path, contract: DeliveryContract = CONTRACT) -> bytes:
    """Erase the customer, compare with the records that were not his, and return the rest."""
    before = records(parsed(folder / "original", contract))
    kept = [row for row in before if GONE not in f"{row['customer_id']}{row['malformed_text']}"]
    found = shorten(folder, folder / "new", contract, "f", lambda text: text == GONE)
    assert found is not None
    assert (found.rows, found.records) == (len(before) - len(kept), len(kept))
    rest = found.files["original"]
    assert rest is not None
    assert records(folder / "new" / "records.parquet") == kept
    again = folder / "again"
    again.mkdir()
    rest.rename(again / "original")
    assert records(parsed(again / "original", contract)) == kept
    return (again / "original").read_bytes()


@pytest.mark.parametrize("kind", TEXTS)
def test_erased_text_parses_to_the_other_records(tmp_path: Path, kind: str) -> None:
    content, contract = TEXTS[kind]
    (tmp_path / "original").write_bytes(content)
    rest = assert_erased(tmp_path, contract)
    text = gzip.decompress(rest) if kind == "gzip" else rest
    for encoding in ("utf-8", "utf-16-le"):
        assert "CANARYVILLE".encode(encoding) not in text
    assert (text[:3] == b"\xef\xbb\xbf") == (kind == "BOM")


def test_blocks_end_within_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A record with a line break may begin in one block of text and end in the next."""
    monkeypatch.setattr("bankseg_assets.landing.text.CHUNK_BYTES", 50)
    monkeypatch.setattr("bankseg_assets.landing.files.CHUNK_BYTES", 50)
    text = "\n".join([HEADER, BROKEN_PLACE, line(1), BROKEN_PLACE, *LINES[1:]]) + "\n"
    (tmp_path / "original").write_bytes(gzip.compress(text.encode()))
    assert b"CANARYVILLE" not in gzip.decompress(assert_erased(tmp_path))


@pytest.mark.parametrize("compression", ["zstd", "snappy", "none"])
def test_erased_parquet_keeps_row_numbers(tmp_path: Path, compression: str) -> None:
    rows = [fields(1), fields(2, GONE), fields(3)]
    columns = dict(zip(NAMES, zip(*rows, strict=True), strict=True))
    extra = {"note": ["a", "CANARYVILLE", None], "numbers": [[1], [2], [3]]}
    pq.write_table(pa.table(columns | extra), tmp_path / "original", compression=compression)
    rest = assert_erased(tmp_path)
    assert b"CANARYVILLE" not in rest
    assert pq.read_metadata(tmp_path / "again" / "original").num_rows == 3
    assert pq.read_table(tmp_path / "new" / "extra.parquet")["row_number"].to_pylist() == [1, 3]


def test_rows_of_nulls_in_parquet_are_not_records(tmp_path: Path) -> None:
    rows = [fields(1), [None] * len(NAMES), fields(3)]
    columns = dict(zip(NAMES, zip(*rows, strict=True), strict=True))
    pq.write_table(pa.table(columns), tmp_path / "original")
    assert [row["row_number"] for row in records(parsed(tmp_path / "original"))] == [1, 3]


@pytest.mark.subprocess
def test_erased_sheet_has_an_empty_row(tmp_path: Path) -> None:
    rows = [NAMES, fields(1), fields(2, GONE), fields(3)]
    write_xlsx(tmp_path / "original", {"!hidden": [["x"]], "Sheet": rows})
    assert_erased(tmp_path)


def test_file_without_the_customer_is_unchanged(tmp_path: Path) -> None:
    (tmp_path / "original").write_text(PLAIN, encoding="utf-8")
    parsed(tmp_path / "original")
    assert shorten(tmp_path, tmp_path / "new", CONTRACT, "f", lambda text: text == "C70") is None


def test_original_of_another_contract_is_removed(tmp_path: Path) -> None:
    """The records are what an earlier contract read; the original does not fit this one."""
    (tmp_path / "original").write_text(PLAIN, encoding="utf-8")
    parsed(tmp_path / "original")
    other = replace(CONTRACT, delimiter="|")
    found = shorten(tmp_path, tmp_path / "new", other, "f", lambda text: text == GONE)
    assert found is not None
    assert found.files["original"] is None
    assert found.records == 2
