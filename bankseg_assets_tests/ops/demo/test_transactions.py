"""The demo file compared with statistics of the real file, at 20,000 rows: 3,000 people.

Shares are of rows, and a person has up to 200 of them, so the tolerances are wide.
"""

import csv
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankseg_assets.contracts.delivery import DeliveryContract
from ops.demo import transactions
from ops.demo.transactions import main, write_demo_transactions

ROWS = 20_000
COLUMNS = list(DeliveryContract().header)
PERSON = ["birth_date", "gender", "location", "pool_code"]


@pytest.fixture(scope="module")
def demo_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("landing") / "demo.csv"
    write_demo_transactions(path, rows=ROWS, seed=7)
    return path


@pytest.fixture(scope="module")
def demo(demo_file: Path) -> pd.DataFrame:
    """The demo file with every field as text."""
    frame = pd.read_csv(demo_file, dtype=str, keep_default_na=False)
    frame.columns = pd.Index(COLUMNS)
    return frame.assign(pool_code=frame["customer_id"].str[4:7])


def test_demo_header_is_the_contracts(demo_file: Path) -> None:
    first_line = demo_file.read_text(encoding="utf-8").split("\n")[0]
    assert first_line == ",".join(DeliveryContract().header.values())


def test_demo_is_deterministic(demo_file: Path, tmp_path: Path) -> None:
    write_demo_transactions(tmp_path / "again.csv", rows=ROWS, seed=7)
    assert (tmp_path / "again.csv").read_bytes() == demo_file.read_bytes()


def test_demo_depends_on_the_seed(demo_file: Path, tmp_path: Path) -> None:
    write_demo_transactions(tmp_path / "other.csv", rows=ROWS, seed=8)
    assert (tmp_path / "other.csv").read_bytes() != demo_file.read_bytes()


@settings(max_examples=25, deadline=None)
@given(rows=st.integers(0, 6_000), seed=st.integers(0, 2**64))
def test_demo_has_the_requested_number_of_records(
    tmp_path_factory: pytest.TempPathFactory, rows: int, seed: int
) -> None:
    path = tmp_path_factory.mktemp("any") / "demo.csv"
    write_demo_transactions(path, rows=rows, seed=seed)
    with path.open(encoding="utf-8", newline="") as file:
        _, *records = csv.reader(file, strict=True)
    assert [record[0] for record in records] == [f"DT{number + 1}" for number in range(rows)]
    assert all(len(record) == len(COLUMNS) for record in records)


def test_negative_sizes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="must not be negative"):
        write_demo_transactions(tmp_path / "demo.csv", rows=-1, seed=7)


def test_no_temporary_file_is_left(demo_file: Path) -> None:
    assert list(demo_file.parent.iterdir()) == [demo_file]


def test_failed_write_keeps_the_previous_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "demo.csv"
    path.write_text("earlier")

    def full_disk(_: int) -> None:
        assert len(list(tmp_path.glob(".*"))) == 1
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space"):
        write_demo_transactions(path, rows=10, seed=7)
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_text() == "earlier"


def test_command_writes_to_the_landing_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BANKSEG_DATA_DIR", str(tmp_path))
    main(["--rows", "100", "--seed", "3"])
    path = tmp_path / "landing" / "demo_transactions.csv"
    assert len(path.read_text(encoding="utf-8").splitlines()) == 101
    assert str(path) in capsys.readouterr().out


@pytest.mark.parametrize(
    ("column", "pattern"),
    [
        ("transaction_id", r"DT[1-9]\d*"),
        ("customer_id", r"DC\d{7}"),
        ("birth_date", r"[1-9]\d?/[1-9]\d?/\d\d|1/1/1800|nan"),
        ("gender", r"[MFT]?"),
        ("balance", r"((0|[1-9]\d*)(\.\d{1,2})?)?"),
        ("transaction_date", r"[1-9]\d?/(8|9|10)/16"),
        ("transaction_time", r"0|[1-9]\d{0,5}"),
        ("amount", r"(0|[1-9]\d*)(\.\d{1,2})?"),
    ],
)
def test_fields_have_the_banks_format(demo: pd.DataFrame, column: str, pattern: str) -> None:
    assert demo[column].str.fullmatch(pattern).all()


def test_only_locations_with_commas_are_quoted(demo_file: Path, demo: pd.DataFrame) -> None:
    with_commas = demo.loc[demo["location"].str.contains(","), "location"]
    text = demo_file.read_text(encoding="utf-8")
    assert len(with_commas) > 0
    assert text.count('"') == 2 * len(with_commas)
    assert all(f',"{location}",' in text for location in with_commas)


@pytest.mark.parametrize(
    ("column", "value", "share", "tolerance"),
    [
        ("birth_date", "1/1/1800", 0.055, 0.008),
        ("birth_date", "nan", 0.0032, 0.003),
        ("gender", "M", 0.730, 0.01),
        ("gender", "F", 0.269, 0.01),
        ("gender", "", 0.00105, 0.001),
        ("balance", "", 0.0023, 0.002),
        ("balance", "0", 0.0026, 0.002),
        ("amount", "0", 0.0008, 0.0001),
        ("location", "MUMBAI", 0.099, 0.008),
        ("location", "NEW DELHI", 0.081, 0.008),
        ("location", "KOLKATA", 0.019, 0.008),
    ],
)
def test_common_values_have_their_shares(
    demo: pd.DataFrame, column: str, value: str, share: float, tolerance: float
) -> None:
    found = (demo[column] == value).mean()
    assert found > 0
    assert found == pytest.approx(share, abs=tolerance)


@pytest.mark.parametrize(
    ("column", "pattern"),
    [("gender", "T"), ("location", "É"), ("location", "\u00a0$"), ("location", "[a-z]")],
)
def test_the_oddest_values_occur_once(demo: pd.DataFrame, column: str, pattern: str) -> None:
    assert demo[column].str.contains(pattern).sum() == 1


def test_some_locations_have_double_spaces(demo: pd.DataFrame) -> None:
    assert 0 < demo["location"].str.contains("  ").mean() < 0.003


def test_two_digit_birth_years_need_the_pivot(demo: pd.DataFrame) -> None:
    year = pd.to_numeric(demo["birth_date"].str.extract(r"/(\d\d)$")[0])
    assert year.between(17, 68).mean() == pytest.approx(0.052, abs=0.01)
    assert year.between(0, 16).mean() < 0.01
    assert (year == 90).mean() == pytest.approx(0.07, abs=0.01)


@pytest.mark.parametrize(
    ("column", "quantiles"),
    [
        ("amount", {0.05: 30, 0.25: 161, 0.5: 459, 0.75: 1_200, 0.95: 5_200, 0.99: 20_000}),
        ("balance", {0.05: 69, 0.25: 4_722, 0.5: 16_792, 0.75: 57_657, 0.95: 416_165}),
    ],
)
def test_money_has_the_real_quantiles(
    demo: pd.DataFrame, column: str, quantiles: dict[float, float]
) -> None:
    found = pd.to_numeric(demo[column]).quantile(list(quantiles))
    np.testing.assert_allclose(found, list(quantiles.values()), rtol=0.1)


def test_most_amounts_are_whole(demo: pd.DataFrame) -> None:
    assert (~demo["amount"].str.contains(".", regex=False)).mean() == pytest.approx(0.88, abs=0.01)


def test_amount_rises_weakly_with_balance(demo: pd.DataFrame) -> None:
    money = demo[["amount", "balance"]].apply(pd.to_numeric)
    logs = np.log(money[(money > 0).all(axis="columns")])
    assert logs["amount"].corr(logs["balance"]) == pytest.approx(0.25, abs=0.08)


def test_customers_have_the_real_numbers_of_transactions(demo: pd.DataFrame) -> None:
    shares = demo["customer_id"].value_counts().value_counts(normalize=True)
    np.testing.assert_allclose(shares.loc[[1, 2, 3]], [0.838, 0.141, 0.019], atol=0.01)
    assert shares.index.max() <= 6


def test_repeated_customer_ids_mix_people(demo: pd.DataFrame) -> None:
    repeated = demo[demo.duplicated("customer_id", keep=False)]
    identities = repeated.groupby("customer_id")[PERSON[:3]].nunique()
    assert (identities > 1).any(axis="columns").mean() > 0.98


def test_a_person_has_several_transactions_and_one_balance(demo: pd.DataFrame) -> None:
    people = demo.groupby(PERSON)
    rows = people.size()
    assert rows.mean() == pytest.approx(6.5, abs=0.7)
    assert rows.median() == 3
    assert (rows == 1).mean() == pytest.approx(0.27, abs=0.03)
    assert (people["balance"].nunique() == 1).mean() > 0.98


def test_days_run_unsorted_from_august_to_october(demo: pd.DataFrame) -> None:
    day = pd.to_datetime(demo["transaction_date"], format="%d/%m/%y")
    daily = demo.groupby(day).size().loc[:"2016-09-15"]
    weekend = pd.DatetimeIndex(daily.index).dayofweek >= 5
    assert (day.min(), day.max()) == (pd.Timestamp(2016, 8, 1), pd.Timestamp(2016, 10, 21))
    assert not day.is_monotonic_increasing
    assert len(daily) == 46
    assert daily[weekend].mean() > 1.15 * daily[~weekend].mean()


def test_few_buy_at_four_and_most_at_twenty(demo: pd.DataFrame) -> None:
    hours = (demo["transaction_time"].astype(int) // 10_000).value_counts()
    assert hours.idxmax() in {19, 20}
    assert hours.idxmin() in {2, 3, 4, 5}


def test_chunks_share_no_customer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transactions, "CHUNK_ROWS", transactions.POOL_ROWS)
    write_demo_transactions(tmp_path / "demo.csv", rows=10_000, seed=7)
    customer = pd.read_csv(tmp_path / "demo.csv", usecols=["CustomerID"])["CustomerID"]
    chunks = pd.Series(np.arange(10_000) // transactions.POOL_ROWS).groupby(customer).nunique()
    assert chunks.max() == 1


@pytest.mark.parametrize(("rows", "digits"), [(10_000_000, 7), (10_000_001, 8), (50_000_000, 8)])
def test_large_files_have_distinct_customer_ids(rows: int, digits: int) -> None:
    assert transactions._id_digits(rows) == digits
    last_pool = (rows - 1) // transactions.POOL_ROWS
    pools_of_one_code = np.arange(last_pool % transactions.POOL_CODES, last_pool + 1, 1_000)
    pool, serial = map(
        np.ravel, np.meshgrid(pools_of_one_code, np.arange(transactions.POOL_ROWS), indexing="ij")
    )
    numbers = transactions._id_numbers(pool, serial, digits)
    assert len(np.unique(numbers)) == len(numbers)
    assert len(np.unique(numbers // 10 ** (digits - 5) % 1_000)) == 1
    assert numbers.max() < 10**digits
