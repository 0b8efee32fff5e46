"""Page headers are parsed as written, and other bytes are refused."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bankseg_assets.landing.parquet_pages import ColumnChunk, PageError, read_footer, read_pages
from bankseg_assets_tests.landing.parquet_files import PLACE, constant, write


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("codec", ["none", "zstd"])
def test_pages_add_up_to_what_the_footer_says(tmp_path: Path, version: str, codec: str) -> None:
    path = write(
        *(tmp_path / "f", 50_000),
        {PLACE: constant(50_000, "P" * 300)},
        data_page_version=version,
        compression=codec,
        data_page_size=1000,
        write_page_checksum=True,
    )
    metadata = pq.read_metadata(path)
    with path.open("rb") as file:
        content = path.read_bytes()
        footer = read_footer(content[-8 - int.from_bytes(content[-8:-4], "little") : -8])
        assert footer.rows == 50_000
        assert not footer.has_encrypted_columns
        (group,) = footer.groups
        for place, chunk in enumerate(group):
            column = metadata.row_group(0).column(place)
            assert chunk.compressed == column.total_compressed_size
            assert chunk.start == column.dictionary_page_offset
            pages = list(read_pages(file, chunk))
            assert pages[0].is_dictionary
            assert sum(page.values for page in pages[1:]) == column.num_values
            headers = column.total_uncompressed_size - sum(page.size for page in pages)
            assert 0 < headers < 1000 * len(pages)
            compressed = sum(page.compressed for page in pages)
            assert compressed == column.total_compressed_size - headers


@given(st.binary(max_size=200))
def test_other_bytes_end_in_an_error(tmp_path_factory: pytest.TempPathFactory, text: bytes) -> None:
    """Parsing also terminates: a loop needs pages with values, and each consumes bytes."""
    path = tmp_path_factory.getbasetemp() / "bytes"
    path.write_bytes(text)
    with path.open("rb") as file, pytest.raises(PageError):
        for _ in read_pages(file, ColumnChunk(0, 1 << 62, 0, 0)):
            pass


@pytest.mark.parametrize(
    "header",
    [
        b"\x15" + b"\x80" * 100,  # a number without an end
        b"\x1c" * 100,  # structures in structures
        b"\x19\xfc" + b"\xff" * 9 + b"\x01",  # a list of 2 ** 64 structures
        b"\x1b\x00\x00",  # a map
    ],
)
def test_a_header_made_to_exhaust_a_reader_is_refused(tmp_path: Path, header: bytes) -> None:
    path = tmp_path / "f"
    path.write_bytes(header)
    with path.open("rb") as file, pytest.raises(PageError):
        next(read_pages(file, ColumnChunk(0, 1, 0, 0)))
