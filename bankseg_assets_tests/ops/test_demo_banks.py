"""The made-up banks are what their names say, and their contracts fit their files."""

from pathlib import Path

import pandas as pd
import pytest

from bankseg_assets.delivery import load_contract
from ops.demo_banks import BANKS, main, write_bank

CUSTOMERS = 120


def bank(name: str, folder: Path) -> pd.DataFrame:
    """Return a delivery by our names of its columns, every field as its text."""
    delivery, contract_path = write_bank(name, folder, customers=CUSTOMERS, seed=7)
    contract = load_contract(contract_path)
    frame = pd.read_csv(
        delivery,
        sep=contract.delimiter,
        encoding=contract.encoding,
        dtype=str,
        keep_default_na=False,
    )
    assert set(frame.columns) == set(contract.header.values())
    return frame.rename(columns={theirs: ours for ours, theirs in contract.header.items()})


def money(values: pd.Series) -> pd.Series:
    return values.str.replace(",", ".").replace("", None).astype(float)


@pytest.mark.parametrize("name", BANKS)
def test_a_bank_follows_its_contract(name: str, tmp_path: Path) -> None:
    frame = bank(name, tmp_path)
    contract = load_contract(tmp_path / BANKS[name].contract)
    assert frame["customer_id"].nunique() == CUSTOMERS
    assert frame["transaction_id"].is_unique
    for ours, rule in contract.columns.items():
        if rule.pattern:
            assert frame[ours].str.fullmatch(rule.pattern).all(), ours
        if rule.values:
            assert set(frame[ours].str.upper()) <= {*rule.values, ""}
        assert rule.nullable or (frame[ours] != "").all(), ours


@pytest.mark.parametrize("name", BANKS)
def test_a_seed_decides_the_bytes_of_a_bank(name: str, tmp_path: Path) -> None:
    def content(folder: str, seed: int) -> bytes:
        delivery, _ = write_bank(name, tmp_path / folder, customers=30, seed=seed)
        return delivery.read_bytes()

    assert content("first", 1) == content("again", 1) != content("other", 2)


def test_retail_has_overdrafts_and_no_birth_dates(tmp_path: Path) -> None:
    frame = bank("retail", tmp_path)
    assert "birth_date" not in frame
    assert 0.1 < (money(frame["balance"]) < 0).mean() < 0.5
    assert (money(frame["amount"]) > 0).all()


def test_current_accounts_are_all_active_on_the_last_day(tmp_path: Path) -> None:
    frame = bank("current", tmp_path)
    assert frame.groupby("customer_id").size().between(20, 200).all()
    days = pd.to_datetime(frame["transaction_date"], format="%d/%m/%Y")
    assert days.groupby(frame["customer_id"]).max().nunique() == 1


def test_a_third_of_the_shop_s_customers_return(tmp_path: Path) -> None:
    frame = bank("shop", tmp_path)
    assert not {"balance", "gender", "birth_date"} & set(frame)
    orders = frame.groupby("customer_id").size()
    assert (orders > 1).mean() == pytest.approx(1 / 3, abs=0.02)
    refunds = money(frame["amount"]) < 0
    assert 0 < refunds.mean() < 0.2
    assert frame["transaction_id"].str.startswith("R").equals(refunds)


def test_a_bank_of_nobody_is_a_header(tmp_path: Path) -> None:
    for name in BANKS:
        delivery, _ = write_bank(name, tmp_path, customers=0, seed=7)
        assert delivery.read_bytes().count(b"\n") == 1


def test_a_negative_size_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="must not be negative"):
        write_bank("shop", tmp_path, customers=-1, seed=7)


def test_the_command_names_both_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["shop", "--customers", "40", "--output", str(tmp_path)])
    told = capsys.readouterr().out
    assert f"40 customers in {tmp_path / 'shop_transactions.csv'}." in told
    assert f"BANKSEG_CONTRACT={tmp_path / 'shop.toml'}" in told
