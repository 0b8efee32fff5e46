"""The scan refuses unsafe files early and in little memory."""

import gzip
import subprocess
import sys
import time
import zlib
from pathlib import Path

import pytest

from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.landing.errors import DeliveryError
from bankseg_assets.landing.scan import scan
from bankseg_assets.landing.text import MAX_LINE_BYTES
from bankseg_assets_tests.landing.test_parse import HEADER, line, lines, take

MOST_MIB, MOST_SECONDS = 256, 5

INGEST_AND_REPORT = """
import re, sys
from pathlib import Path
from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.landing.intake import take_landed
from bankseg_assets.landing.ledger import Ledger
folder = Path(sys.argv[1])
ledger = Ledger(folder / "ledger.sqlite")
contract = DeliveryContract()
for outcome in take_landed(folder / "landing", folder / "raw", ledger, contract, run_id=""):
    print(outcome.outcome, outcome.detail)
# Not getrusage, whose peak counts the parent's memory too, from before the program began.
print(int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024)
"""


def take_in_a_process(folder: Path) -> tuple[str, int]:
    """Return the message, and the peak memory in MiB."""
    command = [sys.executable, "-c", INGEST_AND_REPORT, str(folder)]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    message, memory = output.strip().rsplit("\n", 1)
    return message, int(memory)


def endless(path: Path) -> Path:
    """A header, and a line of ten gigabytes: two MiB of text, and zeros of a sparse file."""
    with path.open("wb") as file:
        file.write(HEADER.encode() + b"\n" + b"x" * (2 << 20))
        file.truncate(10 << 30)
    path.with_name(f"{path.name}.done").touch()
    return path


def test_scan_refuses_a_ten_gigabyte_line_early(tmp_path: Path) -> None:
    started = time.monotonic()
    with endless(tmp_path / "endless.csv").open("rb") as file, pytest.raises(DeliveryError):
        scan(file, DeliveryContract(), "endless.csv")
    assert time.monotonic() - started < MOST_SECONDS


@pytest.mark.subprocess
def test_scan_of_a_ten_gigabyte_line_uses_little_memory(tmp_path: Path) -> None:
    (tmp_path / "landing").mkdir()
    endless(tmp_path / "landing" / "endless.csv")
    message, mib = take_in_a_process(tmp_path)
    assert message.startswith(
        "rejected endless.csv has a record of over 1,048,576 bytes from line 2"
    )
    assert mib < MOST_MIB
    assert list((tmp_path / "raw").iterdir()) == []  # nor is it copied


@pytest.mark.subprocess
@pytest.mark.parametrize("text", [b"x", b"T1,C1\n"], ids=["one line", "many lines"])
def test_scan_refuses_a_decompression_bomb_early(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "landing").mkdir()
    deflate = zlib.compressobj(9, wbits=31)
    block = text * ((4 << 20) // len(text))
    with (tmp_path / "landing" / "bomb.csv.gz").open("wb") as file:
        file.write(deflate.compress(HEADER.encode() + b"\n"))
        for _ in range(128):
            file.write(deflate.compress(block))
        file.write(deflate.flush())
    (tmp_path / "landing" / "bomb.csv.gz.done").touch()
    message, mib = take_in_a_process(tmp_path)
    assert (
        "over 1,048,576 bytes" in message if text == b"x" else "expands over 200 times" in message
    )
    assert mib < MOST_MIB


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\r"])
@pytest.mark.parametrize("before", [0, 30_000])
def test_scan_accepts_lines_up_to_one_mebibyte(tmp_path: Path, end: str, before: int) -> None:
    start = lines(*[line(1)] * before)
    longest = line(2).replace("PUNE", "x" * (MAX_LINE_BYTES - len(line(2)) + 4))
    assert len(longest) == MAX_LINE_BYTES
    assert take(tmp_path, start + longest + end)[-1]["transaction_id"] == "T2"
    with pytest.raises(DeliveryError, match=f"over 1,048,576 bytes from line {before + 2} on"):
        take(tmp_path, start + "T" + longest + end)


def test_scan_refuses_a_nul_byte_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match="a NUL byte in line 3"):
        take(tmp_path, lines(line(1), line(2).replace("PUNE", "PU\x00NE")))


@pytest.mark.parametrize(
    ("tail", "message"),
    [
        (b"PU\xc9NE", r"line 40002 has an invalid byte \(0xC9\)"),
        (b"\xed\xa0\x80", "line 40002"),  # a surrogate
        (b"\xc0\xaf", "line 40002"),  # more bytes than needed
        (b"\xe2\x82", "line 40002"),  # cut off
    ],
)
def test_scan_refuses_invalid_utf_8_with_its_line(
    tmp_path: Path, tail: bytes, message: str
) -> None:
    content = lines(*[line(1)] * 40_000).encode() + tail
    with pytest.raises(DeliveryError, match=message):
        take(tmp_path, content)


def test_text_joins_characters_across_chunks(tmp_path: Path) -> None:
    records = [line(number).replace("PUNE", "é€😀" * (number % 7)) for number in range(2, 40_000)]
    rows = take(tmp_path, "\ufeff" + lines(*records))
    assert rows[-1]["location"] == "é€😀" * (39_999 % 7)


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252", "utf-8-sig"])
def test_text_of_the_contracts_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    contract = DeliveryContract(encoding=encoding)
    content = lines(line(1).replace("PUNE", "CÔTE")).encode(encoding)
    assert take(tmp_path, content, contract=contract)[0]["location"] == "CÔTE"


def test_gzip_of_several_members_is_one_text(tmp_path: Path) -> None:
    parts = [gzip.compress(part.encode()) for part in (HEADER, "\n", line(1), "\n" + line(2))]
    rows = take(tmp_path, b"".join(parts))
    assert [row["transaction_id"] for row in rows] == ["T1", "T2"]


@pytest.mark.parametrize("damage", [b"garbage", gzip.compress(b"x", mtime=0)[:5]])
def test_gzip_with_trailing_data_is_refused(tmp_path: Path, damage: bytes) -> None:
    with pytest.raises(DeliveryError, match=r"is damaged|is cut off"):
        take(tmp_path, gzip.compress(lines(line(1)).encode()) + damage)
