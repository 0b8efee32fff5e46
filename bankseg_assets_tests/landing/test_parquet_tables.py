"""Typed Parquet columns become the text that the bank's CSV would hold."""

from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.landing.errors import DeliveryError
from bankseg_assets.landing.parse import parse_delivery
from bankseg_assets_tests.landing.parquet_files import parse, write

CONTRACT = DeliveryContract()


def read(
    folder: Path, column: str, values: pa.Array, contract: DeliveryContract = CONTRACT
) -> list[str | None]:
    columns = {rule.name: pa.array(["x"] * len(values)) for rule in contract.columns.values()}
    pq.write_table(pa.table(columns | {contract.header[column]: values}), folder / "original")
    parse_delivery(
        folder / "original", contract, file_name="b.parquet", sha256="a", output=folder / "out"
    )
    texts: list[str | None] = pq.read_table(folder / "out")[column].to_pylist()
    return texts


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        (pa.array([1e15, 123456789012345.67, 25.0, 0.5, None]), None),
        (pa.array([1e22, 1e-7]), ["1" + "0" * 22, "0.00"]),
        (pa.array([0.1, 25], pa.float32()), ["0.1", "25"]),
        (pa.array([Decimal("1000000.50")]), ["1000000.50"]),
        (pa.array([Decimal("0.0000000001")]), ["0.0000000001"]),
        (pa.array([10**18, -5]), ["1" + "0" * 18, "-5"]),
        (pa.array(["1e5"]), ["1e5"]),
        (pa.array(["7"]).dictionary_encode(), ["7"]),
        (pa.array(["7"], pa.large_string()), ["7"]),
        (pa.array([b"7"]), ["7"]),
        (pa.nulls(1), [None]),
    ],
)
def test_a_number_is_written_plainly(
    tmp_path: Path, values: pa.Array, texts: list[str | None] | None
) -> None:
    plain = ["1000000000000000", "123456789012345.67", "25", "0.5", None]
    assert read(tmp_path, "amount", values) == (texts or plain)


def test_an_instant_stays_one_for_the_contracts_time_zone(tmp_path: Path) -> None:
    """Without one, it is written as the local time of the column's zone."""
    columns = CONTRACT.columns
    date_and_time = {"transaction_date": replace(columns["transaction_date"], format="d/M/yy H:mm")}
    contract = replace(CONTRACT, columns={**columns, **date_and_time})
    values = pa.array([1_470_148_327_000, None], pa.timestamp("ms", "Europe/Berlin"))
    local = ["2016-08-02 16:32:07.000", None]
    assert read(tmp_path, "transaction_date", values, contract) == local
    zoned = replace(contract, time_zone="Asia/Kolkata")
    instant = ["2016-08-02 14:32:07.000Z", None]
    assert read(tmp_path, "transaction_date", values, zoned) == instant
    assert read(tmp_path, "birth_date", values, zoned) == local


def test_a_typed_time_is_iso_where_the_format_is_not(tmp_path: Path) -> None:
    columns = CONTRACT.columns
    rule = {"transaction_time": replace(columns["transaction_time"], format="h:mm a")}
    contract = replace(CONTRACT, columns={**columns, **rule})
    values = pa.array([time(14, 32, 7)], pa.time32("s"))
    assert read(tmp_path, "transaction_time", values, contract) == ["14:32:07.000"]


def test_a_number_has_the_separator_of_the_contract(tmp_path: Path) -> None:
    columns = CONTRACT.columns
    comma = {"amount": replace(columns["amount"], decimal_separator=",")}
    contract = replace(CONTRACT, columns={**columns, **comma})
    assert read(tmp_path, "amount", pa.array([1234.5]), contract) == ["1234,5"]
    assert read(tmp_path, "amount", pa.array(["1.234,5"]), contract) == ["1.234,5"]


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (pa.array([date(2016, 8, 2)]), "2016-08-02"),
        (
            pa.array([datetime(2016, 8, 2, 14, 32, 7)], pa.timestamp("us")),
            "2016-08-02 14:32:07.000000",
        ),
        (
            pa.array([1_470_148_327_123_456_789], pa.timestamp("ns")),
            "2016-08-02 14:32:07.123456",
        ),
        (pa.array([1 << 62], pa.timestamp("us")), "<value out of range: 4611686018427387904>"),
        (
            pa.array(
                [datetime(2016, 8, 2, 9, 2, 7, tzinfo=UTC).astimezone(ZoneInfo("Asia/Kolkata"))],
                pa.timestamp("ms", "Asia/Kolkata"),
            ),
            "2016-08-02 14:32:07.000",
        ),
    ],
)
def test_day_is_written_as_iso_in_the_banks_zone(
    tmp_path: Path, values: pa.Array, text: str
) -> None:
    assert read(tmp_path, "transaction_date", values) == [text]


def test_instant_on_another_day_in_the_banks_zone_is_not_a_day(tmp_path: Path) -> None:
    """If both clocks show the same day, it is that day; else cleaning quarantines the row."""
    moments = [datetime(2016, 8, 2, hour, tzinfo=UTC) for hour in (0, 18, 20)]
    values = pa.array(
        [*moments, None, datetime(9999, 12, 31, tzinfo=UTC)], pa.timestamp("us", "UTC")
    )
    zoned = replace(CONTRACT, time_zone="Asia/Kolkata")
    assert read(tmp_path, "transaction_date", values, zoned) == [
        *("2016-08-02 00:00:00.000000", "2016-08-02 18:00:00.000000"),
        *("2016-08-02 20:00:00.000000Z", None, "9999-12-31 00:00:00.000000"),
    ]
    american = replace(CONTRACT, time_zone="America/New_York")
    assert read(tmp_path, "transaction_date", values, american)[:2] == [
        *("2016-08-02 00:00:00.000000Z", "2016-08-02 18:00:00.000000"),
    ]
    in_zone = values.cast(pa.timestamp("us", "Asia/Kolkata"))
    assert read(tmp_path, "transaction_date", in_zone, zoned)[2] == "2016-08-03 01:30:00.000000"
    assert read(tmp_path, "birth_date", values, american)[0] == "2016-08-02 00:00:00.000000"


@pytest.mark.parametrize("unit", [pa.time32("s"), pa.time32("ms"), pa.time64("us")])
def test_a_time_is_written_in_the_format_of_the_contract(tmp_path: Path, unit: pa.DataType) -> None:
    values = pa.array([time(4, 32, 7)], unit)
    assert read(tmp_path, "transaction_time", values) == ["043207"]


def test_bytes_that_are_not_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match=r"not UTF-8 text in the column 'CustLocation'"):
        read(tmp_path, "location", pa.array([b"\xff\xfe"]))


def test_a_year_that_int96_cannot_hold_in_nanoseconds_is_kept(tmp_path: Path) -> None:
    """Spark and Impala write so; read as nanoseconds, 9999-12-31 would be in 1816."""
    values = pa.array([datetime(9999, 12, 31)], pa.timestamp("us"))
    columns = {CONTRACT.header["transaction_date"]: values}
    path = write(tmp_path / "f", 1, columns, use_deprecated_int96_timestamps=True)
    parse(path)
    (text,) = pq.read_table(tmp_path / "out")["transaction_date"].to_pylist()
    assert text == "9999-12-31 00:00:00.000000"
