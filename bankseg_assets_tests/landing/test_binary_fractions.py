"""Amounts that were computed in doubles are rounded, and each is counted."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bankseg_assets.contracts.delivery import ColumnRule, DeliveryContract
from bankseg_assets.landing.binary_fractions import Rounded, add_up, count_noise, round_doubles
from bankseg_assets.landing.intake import take_landed
from bankseg_assets.landing.ledger import Ledger
from bankseg_assets.landing.parse import parse_delivery
from bankseg_assets.runtime.settings import Settings
from bankseg_assets_tests.landing.parquet_files import CONTRACT, parse, write

AMOUNT = CONTRACT.header["amount"]
RULE = CONTRACT.columns["amount"]


def landed(folder: Path, values: pa.Array, contract: DeliveryContract = CONTRACT) -> list[Any]:
    """Return the texts of an amount column and its counts, from a Parquet file."""
    path = write(folder / "original", len(values), {AMOUNT: values})
    parsed = parse(path, contract)
    return [pq.read_table(folder / "out")["amount"].to_pylist(), parsed.rounded]


@pytest.mark.parametrize(
    ("values", "texts", "rounded"),
    [
        ([2208.9599999999996, 0.1 + 0.2, 25.0, None], ["2208.96", "0.30", "25", None], (2, 0)),
        ([12.345, -12.345, 0.005, 1e-7], ["12.35", "-12.35", "0.01", "0.00"], (0, 4)),
        ([2443.1990000000005, 864.49], ["2443.20", "864.49"], (0, 1)),
        ([sum([0.1] * 10), 1e9 + 0.001], ["1.00", "1000000000.00"], (1, 1)),
        ([float("nan"), float("inf"), 1e22], ["nan", "inf", "1" + "0" * 22], (0, 0)),
    ],
)
def test_doubles_are_rounded_and_counted(
    tmp_path: Path, values: list[float], texts: list[str], rounded: tuple[int, int]
) -> None:
    found = [Rounded(AMOUNT, *rounded)] if any(rounded) else []
    assert landed(tmp_path, pa.array(values)) == [texts, tuple(found)]


@pytest.mark.parametrize(
    ("decimals", "texts", "counts"),
    [
        (0, ["13", "500", "0"], (0, 2)),
        (3, ["12.506", "500.0", "0.300"], (1, 1)),
        (4, ["12.5055", "500.0", "0.3000"], (1, 0)),
    ],
)
def test_doubles_have_the_decimals_of_the_currency(
    decimals: int, texts: list[str], counts: tuple[int, int]
) -> None:
    written = pa.array(["12.5055", "500.0", "0.30000000000000004"])
    found, rounded = round_doubles(written, pa.float64(), "x", decimals)
    assert found.to_pylist() == texts
    assert (rounded.noise, rounded.decimals) == counts
    text = pa.chunked_array([written])
    assert count_noise(text, RULE, decimals).noise == (1 if decimals else 0)


def test_shorter_floats_have_more_noise(tmp_path: Path) -> None:
    values = pa.array([2208.96, 2208.9602, 12.345], pa.float32())
    texts, rounded = landed(tmp_path, values)
    assert texts == ["2208.96", "2208.96", "12.35"]
    assert rounded == (Rounded(AMOUNT, noise=1, decimals=1),)


def test_a_decimal_type_is_never_rounded(tmp_path: Path) -> None:
    values = pa.array([Decimal("12.345600"), Decimal("12.340000")], pa.decimal128(28, 6))
    assert landed(tmp_path, values) == [["12.345600", "12.340000"], ()]


def test_doubles_get_the_contracts_separator(tmp_path: Path) -> None:
    comma = replace(RULE, decimal_separator=",", thousands_separator=".")
    contract = replace(CONTRACT, columns={**CONTRACT.columns, "amount": comma})
    assert landed(tmp_path, pa.array([1234.5600000000001]), contract)[0] == ["1234,56"]


@pytest.mark.parametrize("separator", [".", ","])
def test_noise_in_a_text_is_counted(tmp_path: Path, separator: str) -> None:
    """Cleaning rounds these, so the records keep the delivered text."""
    contract = replace(
        CONTRACT,
        delimiter=";",
        columns={**CONTRACT.columns, "amount": replace(RULE, decimal_separator=separator)},
    )
    texts = ["2208.9599999999996", " -0.30000000000000004 ", "12.345", "12.3400000000000000", ""]
    texts = [text.replace(".", separator) for text in texts]
    rows = [f"T{n};C1;10/1/94;F;PUNE;9;2/8/16;143207;{text}" for n, text in enumerate(texts)]
    original = tmp_path / "original"
    original.write_text("\n".join([";".join(CONTRACT.header.values()), *rows, ""]))
    output = tmp_path / "out"
    parsed = parse_delivery(original, contract, file_name="b.csv", sha256="a", output=output)
    assert parsed.rounded == (Rounded(AMOUNT, noise=2),)
    assert pq.read_table(output)["amount"].to_pylist() == texts


def test_rounded_amounts_are_a_warning(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    settings.landing_dir.mkdir(parents=True)
    values = pa.array([2208.9599999999996, 12.345, 1.0])
    path = write(settings.landing_dir / "bank.parquet", 3, {AMOUNT: values})
    path.with_name("bank.parquet.done").touch()
    ledger = Ledger(settings.ledger_path)
    (outcome,) = take_landed(settings.landing_dir, settings.raw_dir, ledger, CONTRACT, run_id="run")
    assert outcome.is_warning
    assert outcome.detail.endswith(
        "2 values of the column 'TransactionAmount (INR)' are rounded to 2 decimals: 1 for the "
        "imprecision of doubles, 1 because they have more decimals. Amounts of a decimal type need "
        "no rounding."
    )


def test_counts_are_added_up_by_column() -> None:
    found = [Rounded("a", 1), Rounded("b"), Rounded("a", 2, 3)]
    assert add_up(found) == (Rounded("a", 3, 3),)


@given(cents=st.lists(st.integers(-(10**14), 10**14), min_size=1), factor=st.integers(1, 7))
def test_a_few_operations_are_noise(cents: list[int], factor: int) -> None:
    """An amount divided and multiplied again is equal to the cent."""
    values = [cent / 100 / factor * factor for cent in cents]
    text = pa.array([f"{Decimal(repr(value)):f}" for value in values])
    rounded, found = round_doubles(text, pa.float64(), "a")
    assert [Decimal(value) for value in rounded.to_pylist()] == [
        Decimal(cent).scaleb(-2) for cent in cents
    ]
    assert found.decimals == 0
    assert count_noise(pa.chunked_array([rounded]), RULE) == Rounded(RULE.name)


@pytest.mark.parametrize(
    ("currency", "columns", "texts"),
    [
        ("INR", ("debit", "credit"), ["1.23", "1.23"]),
        ("KWD", ("debit", "credit"), ["1.234", "1.234"]),
        ("JPY", ("debit", "balance"), ["1", "1"]),
        ("INR", ("quantity", "unit_price"), ["1.2344", "1.2344"]),
        ("INR", ("debit", "currency"), ["1.2344", "1.2344"]),
    ],
)
def test_doubles_are_rounded_to_the_currency_of_the_row(
    tmp_path: Path, currency: str, columns: tuple[str, str], texts: list[str]
) -> None:
    """The decimals of a row's own currency are unknown here."""
    rules = {"customer_id": ColumnRule("C"), **{name: ColumnRule(name) for name in columns}}
    contract = replace(DeliveryContract(), currency=currency, columns=rules)
    values = {name: pa.array([1.2344]) for name in columns}
    pq.write_table(pa.table({"C": ["C1"], **values}), tmp_path / "original")
    parse(tmp_path / "original", contract)
    found = pq.read_table(tmp_path / "out")
    assert [found[name].to_pylist()[0] for name in columns] == texts
