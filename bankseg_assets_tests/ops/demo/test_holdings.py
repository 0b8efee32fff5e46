"""Tests of the demo holdings: plausible, of demo customers, deterministic."""

from pathlib import Path

import pandas as pd
import pytest

from bankseg_assets.runtime.settings import Settings
from ops.demo import holdings, transactions
from ops.demo.holdings import PRODUCTS, write_demo_holdings
from ops.demo.transactions import write_demo_transactions

ROWS = 20_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    write_demo_transactions(folder / "transactions.csv", rows=ROWS, seed=7)
    write_demo_holdings(folder / "holdings.csv", transactions=[folder / "transactions.csv"], seed=7)
    return folder


@pytest.fixture(scope="module")
def customers(folder: Path) -> pd.Series:
    """Mean balance by customer."""
    rows = pd.read_csv(folder / "transactions.csv")
    return rows.groupby("CustomerID")["CustAccountBalance"].mean()


@pytest.fixture(scope="module")
def holds(folder: Path, customers: pd.Series) -> pd.DataFrame:
    """Customer by product: whether it is held; without the three dirty rows at the end."""
    rows = pd.read_csv(folder / "holdings.csv").iloc[:-3]
    table = pd.crosstab(rows["customer_id"], rows["product"]).astype(bool)
    return table.reindex(customers.index, fill_value=False)


def test_holdings_are_deterministic(folder: Path, tmp_path: Path) -> None:
    for name, seed in (("same", 7), ("other", 8)):
        write_demo_holdings(tmp_path / name, transactions=[folder / "transactions.csv"], seed=seed)
    expected = (folder / "holdings.csv").read_bytes()
    assert (tmp_path / "same").read_bytes() == expected
    assert (tmp_path / "other").read_bytes() != expected
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other", "same"]


@pytest.mark.slow
def test_holdings_leave_out_a_fifth_of_the_customers(folder: Path, holds: pd.DataFrame) -> None:
    assert (~holds.any(axis="columns")).mean() == pytest.approx(0.2, abs=0.02)
    assert set(holds.columns) == set(PRODUCTS)
    ids = pd.read_csv(folder / "holdings.csv")["customer_id"]
    assert set(ids) <= set(holds.index)
    assert ids.str.startswith("DC").all()


def test_holdings_correlate_with_wealth_and_each_other(
    holds: pd.DataFrame, customers: pd.Series
) -> None:
    rich = customers[holds["Fixed deposit"]].median()
    assert rich > 2 * customers[~holds["Fixed deposit"]].median()
    invested = holds.loc[holds["Demat account"], "Mutual funds"].mean()
    assert invested > 3 * holds.loc[~holds["Demat account"], "Mutual funds"].mean()
    assert holds["Savings account"].mean() > 0.7


def test_holdings_end_with_dirty_rows(folder: Path) -> None:
    first, *_, repeated, respelt, without = (folder / "holdings.csv").read_text().splitlines()[1:]
    assert repeated == first
    assert respelt != first
    assert respelt.lower().replace("  ", " ") == first.lower()
    assert without == f"{first.partition(',')[0]},"


@pytest.mark.parametrize("rows", [0, 1])
def test_holdings_of_very_few_transactions(tmp_path: Path, rows: int) -> None:
    write_demo_transactions(tmp_path / "t.csv", rows=rows, seed=7)
    count = write_demo_holdings(tmp_path / "h.csv", transactions=[tmp_path / "t.csv"], seed=7)
    lines = (tmp_path / "h.csv").read_text().splitlines()
    assert lines[0] == "customer_id,product"
    assert len(lines) == count + 1


def test_demo_transactions_come_with_holdings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BANKSEG_DATA_DIR", str(tmp_path))
    settings = Settings(data_dir=tmp_path)
    transactions.main(["--rows", "500", "--output", str(tmp_path / "elsewhere.csv")])
    assert not settings.holdings_dir.exists()
    transactions.main(["--rows", "500"])
    path = settings.holdings_dir / "demo_holdings.csv"
    printed = capsys.readouterr().out
    assert f"demo holdings in {path}" in printed
    written = path.read_bytes()
    path.unlink()
    assert holdings.main([]) == 0
    assert path.read_bytes() == written


def test_holdings_without_transactions_say_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BANKSEG_DATA_DIR", str(tmp_path))
    assert holdings.main([]) == 2
    assert "Make them first: `make demo-data`." in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
