"""A Parquet file that expands excessively is refused before it fills the memory."""

import base64
import os
import random
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow.parquet import encryption

from bankseg_assets.landing import parquet_layout, parquet_tables
from bankseg_assets.landing.errors import DeliveryError
from bankseg_assets.landing.parse import EXTRA_FILE
from bankseg_assets_tests.landing.parquet_files import (
    CONTRACT,
    PLACE,
    RECORD,
    constant,
    parse,
    table,
    write,
)

MIB = 1 << 20
MEASURE = r"""
import re, sys
from contextlib import suppress
from pathlib import Path
from bankseg_assets_tests.landing.parquet_files import parse

def peak():  # of this program; getrusage would give that of its parent, if larger
    return re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]

for path in sys.argv[1:]:
    try:
        result = parse(Path(path))
    except ValueError as error:
        result = error
    print(f"{int(peak()) // 1024}|{result}")
"""


def bombs(folder: Path) -> dict[str, Path]:
    """Write small files that expand to gigabytes; return fault -> path."""
    plain = {"use_dictionary": False, "compression": "zstd"}
    large = "B" * (28 * MIB)
    return {
        "expands over 1,000 times when read": write(
            *(folder / "repeated", 1 << 15),
            {PLACE: constant(1 << 15, "A" * (MIB // 2))},
            dictionary_pagesize_limit=1 << 30,
            compression="zstd",
        ),
        "declares 5,000,000 records in": _many(folder / "rows", 5, table(1_000_000)),
        "pages that expand to": write(
            *(folder / "pages", 1), {name: pa.array([large]) for name in RECORD}, **plain
        ),
        "expands over 1,000 times when decompressed": _many(
            folder / "groups", 30, table(40, {PLACE: pa.array(["A" * (MIB // 2)] * 40)}), **plain
        ),
        "value of over 1,048,576 bytes": write(
            *(folder / "value", 1001), {PLACE: pa.array([large, *["PUNE"] * 1000])}, **plain
        ),
    }


def _many(path: Path, groups: int, one: pa.Table, **options: object) -> Path:
    with pq.ParquetWriter(path, one.schema, **options) as writer:
        for _ in range(groups):
            writer.write_table(one)
    return path


@pytest.mark.subprocess
def test_bombs_are_refused_in_constant_memory(tmp_path: Path) -> None:
    """Runs in a subprocess to measure its peak; 70 MB of it are Python and Arrow."""
    files = bombs(tmp_path)
    assert all(path.stat().st_size < MIB for path in files.values())
    message = subprocess.run(
        [sys.executable, "-c", MEASURE, *map(str, files.values())],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    ).stdout.splitlines()
    for line, fault in zip(message, files, strict=True):
        peak, message = line.split("|")
        assert fault in message
        assert int(peak) < 400


def test_four_million_equal_records_are_sound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit is on rows per byte, and applies only above a number of rows."""
    monkeypatch.setattr(parquet_layout, "SMALL_ROWS", 10_000)
    assert parse(write(tmp_path / "f", 10_000)).records == 10_000
    with pytest.raises(DeliveryError, match=r"declares 200,000 records in 7,\d+ bytes"):
        parse(write(tmp_path / "g", 200_000))


def test_large_page_of_a_large_file_is_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some writers write one page per row group."""
    monkeypatch.setattr(parquet_layout, "MAX_PAGE_BYTES", 1000)
    monkeypatch.setattr(parquet_layout, "MAX_PAGES_BYTES", 1000)
    names = pa.array([f"T{number * 7919 % 99_991}" for number in range(50_000)])
    columns = {CONTRACT.header["transaction_id"]: names}
    path = write(tmp_path / "f", 50_000, columns, data_page_size=1 << 30)
    assert parse(path).records == 50_000


def test_a_repeated_value_is_read_in_small_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = []
    concat = pa.concat_tables
    monkeypatch.setattr(
        parquet_tables.pa,
        "concat_tables",
        lambda tables: (sizes.append(sum(one.nbytes for one in tables)), concat(tables))[1],
    )
    path = write(tmp_path / "f", 3000, {PLACE: constant(3000, "A" * 50_000)})
    parsed = parse(path)
    assert parsed.records == 3000
    assert sum(sizes) > 150_000_000
    assert max(sizes) < 2 * parquet_layout.BATCH_BYTES
    places = pq.read_table(tmp_path / "out", columns=["row_number"])["row_number"].to_pylist()
    assert places == list(range(1, 3001))


EXTRAS = {
    "bytes": pa.array([b"\xff\x00"] * 2),
    "digest": pa.array([b"ab"] * 2, pa.binary(2)),
    "list": pa.array([[1, 2], []]),
    "structure": pa.array([{"a": 1, "b": "x"}] * 2),
    "map": pa.array([[("a", 1)]] * 2, pa.map_(pa.string(), pa.int32())),
    "large": pa.array(["A" * 700_000] * 2),
}


def test_extra_columns_without_text_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So are columns that are too large; the columns after them are still read correctly."""
    monkeypatch.setattr(parquet_layout, "MAX_PAGE_BYTES", 1_000_000)
    sound = {"a.b": pa.array(["x", None]), "nothing": pa.nulls(2), "number": pa.array([1, 2])}
    path = write(tmp_path / "f", 2, EXTRAS | sound, use_dictionary=False)
    parsed = parse(path)
    assert parsed.records == 2
    assert parsed.left_out == tuple(EXTRAS)
    assert parsed.extra_columns == ("a.b", "nothing", "number")
    extra = pq.read_table(tmp_path / EXTRA_FILE).to_pydict()
    assert extra == {
        "row_number": [1, 2],
        "a.b": ["x", None],
        "nothing": [None, None],
        "number": ["1", "2"],
    }


@pytest.mark.parametrize("kind", ["list", "structure", "map"])
def test_a_column_of_the_contract_must_hold_values(tmp_path: Path, kind: str) -> None:
    with pytest.raises(DeliveryError, match=r"lists or structures in the column 'CustLocation'"):
        parse(write(tmp_path / "f", 2, {PLACE: EXTRAS[kind]}))


def test_columns_of_the_same_name_are_distinguished(tmp_path: Path) -> None:
    one = table(1, {"x": pa.array(["1"])})
    path = tmp_path / "f"
    pq.write_table(one.append_column("x", pa.array(["2"])), path)
    assert parse(path).extra_columns == ("x", "x (column 11)")
    assert pq.read_table(tmp_path / EXTRA_FILE)["x (column 11)"].to_pylist() == ["2"]
    pq.write_table(one.append_column(PLACE, pa.array(["2"])), path)
    with pytest.raises(DeliveryError, match=r"'CustLocation'.* more than once"):
        parse(path)


def test_a_file_without_row_groups_has_no_record(tmp_path: Path) -> None:
    path = tmp_path / "f"
    pq.ParquetWriter(path, table(1).schema).close()
    assert pq.read_metadata(path).num_row_groups == 0
    with pytest.raises(DeliveryError, match="has a header but no record"):
        parse(path)


class _Keys(encryption.KmsClient):
    """Wraps keys in base64: no secret, but a file is encrypted by it."""

    def __init__(self, _: encryption.KmsConnectionConfig) -> None:
        super().__init__()

    def wrap_key(self, key_bytes: bytes, _: str) -> bytes:
        return base64.b64encode(key_bytes)


@pytest.mark.parametrize("plaintext_footer", [False, True])
def test_encrypted_columns_are_refused(tmp_path: Path, plaintext_footer: bool) -> None:
    """With a plain footer, pyarrow ends the process when asked about such a column."""
    config = encryption.EncryptionConfiguration(
        footer_key="f", column_keys={"c": [PLACE]}, plaintext_footer=plaintext_footer
    )
    properties = encryption.CryptoFactory(_Keys).file_encryption_properties(
        encryption.KmsConnectionConfig(), config
    )
    path = write(tmp_path / "f", 3, encryption_properties=properties)
    with pytest.raises(DeliveryError, match="is encrypted Parquet"):
        parse(path)


def test_a_footer_that_is_the_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet_layout, "MAX_FOOTER_BYTES", 1000)
    with pytest.raises(DeliveryError, match="has metadata of over 1,000 bytes"):
        parse(write(tmp_path / "f", 1))


def test_row_groups_that_share_bytes_are_refused(tmp_path: Path) -> None:
    """Row groups that all point to the same bytes would be read repeatedly."""
    ids = pa.array([f"T{number}" for number in range(20_000)])
    path = write(tmp_path / "f", 20_000, {CONTRACT.header["transaction_id"]: ids})
    content = path.read_bytes()
    metadata = pq.read_metadata(path)
    for _ in range(12):
        metadata.append_row_groups(pq.read_metadata(path))
    footer = tmp_path / "footer"
    metadata.write_metadata_file(footer)
    path.write_bytes(content + footer.read_bytes()[4:])
    assert pq.read_metadata(path).num_rows == 260_000
    with pytest.raises(DeliveryError, match="is a damaged Parquet file"):
        parse(path)


def test_memory_error_does_not_reject_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise pa.ArrowMemoryError("malloc of size 64 failed")

    path = write(tmp_path / "f", 1)
    monkeypatch.setattr(parquet_tables, "_as_text", fail)
    with pytest.raises(OSError, match="not enough memory"):
        parse(path)


def test_a_codec_that_cannot_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet_layout, "_CODECS", (1,))
    with pytest.raises(DeliveryError, match=r"cannot be read here \(Parquet's codec 6\)"):
        parse(write(tmp_path / "f", 1, compression="zstd"))


@pytest.mark.slow
def test_damaged_metadata_end_in_a_sentence(tmp_path: Path) -> None:
    """Statistics of the wrong length made pyarrow end the process when it was asked for them."""
    content = write(tmp_path / "sound", 300, {"x": pa.array([[1]] * 300)}).read_bytes()
    footer = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    chance = random.Random(7)
    for _ in range(300):
        damaged = bytearray(content)
        damaged[chance.randrange(footer, len(content))] = chance.randrange(256)
        (tmp_path / "f").write_bytes(damaged)
        with suppress(DeliveryError):
            parse(tmp_path / "f")
