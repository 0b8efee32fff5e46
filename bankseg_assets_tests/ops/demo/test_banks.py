"""Tests of the synthetic banks: their properties, and that contracts fit the files."""

import re
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree
from zipfile import ZipFile

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bankseg_assets.contracts.delivery import DeliveryContract, load_contract
from ops.demo.banks import BANKS, CANADIAN_DOLLAR, main, write_bank

CUSTOMERS = 120
FORMS = [(name, form) for name, bank in BANKS.items() for form in bank.formats]
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def bank(name: str, folder: Path, form: str = "") -> pd.DataFrame:
    """Return a delivery as texts, with the contract's and with the file's column names."""
    delivery, contract_path = write_bank(
        name, folder, customers=CUSTOMERS, seed=7, format=form or BANKS[name].formats[0]
    )
    contract = load_contract(contract_path)
    frame = records(delivery, contract)
    ours = {
        ours: frame[list(rule.names) or [rule.name]].agg(rule.joined_by.join, axis=1)
        for ours, rule in contract.columns.items()
    }
    return pd.DataFrame(ours | {column: frame[column] for column in frame})


def records(delivery: Path, contract: DeliveryContract) -> pd.DataFrame:
    if delivery.suffix == ".parquet":
        found: pd.DataFrame = pq.read_table(delivery).to_pandas()
        return found.astype(object).where(found.notna(), "").astype(str)
    if delivery.suffix == ".xlsx":
        header, *rows = sheet(delivery, contract.layout.sheet)
        return pd.DataFrame(rows, columns=header)
    lines = delivery.read_text(encoding=contract.encoding).splitlines(keepends=True)
    lines = lines[(contract.layout.header_line or 1) - 1 :]
    ends = contract.layout.footer_starts_with
    text = "".join(line for line in lines if not (ends and line.startswith(ends)))
    return pd.read_csv(StringIO(text), sep=contract.delimiter, dtype=str, keep_default_na=False)


def sheet(delivery: Path, name: str) -> list[list[str]]:
    """Return the cells of a sheet as text, each row padded to the first row's width."""
    with ZipFile(delivery) as archive:
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
        names = [one.attrib["name"] for one in book.iter(f"{MAIN}sheet")]
        part = f"xl/worksheets/sheet{names.index(name) + 1}.xml"
        content = ElementTree.fromstring(archive.read(part))
    rows: list[list[str]] = []
    for row in content.iter(f"{MAIN}row"):
        cells = {
            re.sub("[0-9]", "", cell.attrib["r"]): "".join(cell.itertext())
            for cell in row.iter(f"{MAIN}c")
        }
        width = len(rows[0]) if rows else len(cells)
        rows.append([cells.get(chr(ord("A") + place), "") for place in range(width)])
    return rows


def money(values: pd.Series) -> pd.Series:
    """Return German amounts (1.234,56) as numbers; NaN for an empty one."""
    plain = values.str.replace(".", "").str.replace(",", ".")
    return plain.replace("", None).astype(float)


def totals(frame: pd.DataFrame) -> pd.Series:
    return frame["Quantity"].astype(int) * frame["Unit price"].astype(float)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "form"), FORMS)
def test_bank_follows_its_contract(name: str, form: str, tmp_path: Path) -> None:
    frame = bank(name, tmp_path, form)
    contract = load_contract(tmp_path / BANKS[name].contract)
    assert frame["customer_id"].nunique() == CUSTOMERS
    assert "transaction_id" not in frame or frame["transaction_id"].is_unique
    for ours, rule in contract.columns.items():
        if rule.pattern:
            assert frame[ours].str.fullmatch(rule.pattern).all(), ours
        if rule.values:
            assert set(frame[ours].str.upper()) <= {*rule.values, ""}
        if ours in ("transaction_date", "transaction_time"):
            assert frame[ours].map(lambda text, read=rule.readers[0].read: bool(read(text))).all()
        may_be_empty = rule.nullable or ours in ("debit", "credit")
        assert may_be_empty or (frame[ours] != "").all(), ours


@pytest.mark.parametrize(("name", "form"), FORMS)
def test_seed_decides_the_bytes_of_a_bank(name: str, form: str, tmp_path: Path) -> None:
    def content(folder: str, seed: int) -> bytes:
        delivery, _ = write_bank(name, tmp_path / folder, customers=30, seed=seed, format=form)
        return delivery.read_bytes()

    assert content("first", 1) == content("again", 1) != content("other", 2)


def test_retail_has_overdrafts_and_no_birth_dates(tmp_path: Path) -> None:
    frame = bank("retail", tmp_path)
    assert "birth_date" not in frame
    assert 0.1 < (money(frame["balance"]) < 0).mean() < 0.5


def test_retail_has_dots_months_and_lines_around_the_records(tmp_path: Path) -> None:
    frame = bank("retail", tmp_path)
    assert frame["balance"].str.fullmatch(r"-?[0-9]{1,3}(\.[0-9]{3})*,[0-9]{2}|").all()
    assert frame["balance"].str.contains(".", regex=False).any()
    months = set(frame["transaction_date"].str.split().str[1])
    assert months == {"Januar", "Februar", "März", "April", "Mai", "Juni"}
    lines = (tmp_path / "retail_transactions.csv").read_text(encoding="cp1252").splitlines()
    assert lines[3].startswith("Buchungsnummer;")
    assert lines[-1] == f"Summe: {len(frame)} Umsätze"


def test_retail_has_salaries_beside_the_spending(tmp_path: Path) -> None:
    frame = bank("retail", tmp_path)
    spent, received = money(frame["debit"]), money(frame["credit"])
    assert (spent.notna() != received.notna()).all()  # exactly one of them in every row
    assert (spent.fillna(received) > 0).all()
    assert received.sum() > spent.sum()  # counted as spending, salaries would be most of the money
    monthly = received.groupby(frame["customer_id"]).count()
    assert set(monthly) == {0, 6}
    only_income = spent.groupby(frame["customer_id"]).count() == 0
    assert 0 < only_income.sum() < CUSTOMERS / 10


@pytest.mark.slow
def test_current_accounts_are_all_active_on_the_last_day(tmp_path: Path) -> None:
    frame = bank("current", tmp_path)
    spending = frame[frame["direction"] == "DR"]
    assert spending.groupby("customer_id").size().between(20, 200).all()
    days = pd.to_datetime(spending["transaction_date"], format="%d %b %Y")
    assert days.groupby(spending["customer_id"]).max().nunique() == 1
    assert set(frame["direction"]) == {"DR", "CR"}


def test_current_accounts_have_ages_and_twelve_hours_and_no_ids(tmp_path: Path) -> None:
    frame = bank("current", tmp_path)
    assert not {"transaction_id", "birth_date"} & set(frame)
    assert pd.to_numeric(frame["age"]).dropna().between(18, 79).all()
    assert frame.groupby("customer_id")["age"].nunique().max() == 1
    assert {text.split()[-1] for text in frame["transaction_time"]} == {"AM", "PM"}
    assert "12:00 AM" in set(frame["transaction_time"])


@pytest.mark.parametrize("form", BANKS["shop"].formats)
def test_shop_has_refunds_and_cancelled_orders(form: str, tmp_path: Path) -> None:
    frame = bank("shop", tmp_path, form)
    assert not {"balance", "gender", "birth_date", "age"} & set(frame)
    counted = frame[frame["Status"] != "Cancelled"]
    orders = counted.groupby("customer_id").size()
    assert (orders > 1).mean() == pytest.approx(1 / 3, abs=0.02)
    refunds = totals(counted) < 0
    assert 0 < refunds.mean() < 0.2
    assert counted["transaction_id"].str.startswith("R").equals(refunds)
    cancelled = frame[frame["Status"] == "Cancelled"]
    assert 0 < len(cancelled) < len(frame) / 10
    assert totals(cancelled).median() > 5 * totals(counted).median()


def test_shop_has_two_currencies_and_several_offsets(tmp_path: Path) -> None:
    frame = bank("shop", tmp_path)
    contract = load_contract(tmp_path / "shop.toml")
    assert {code: float(rate) for code, rate in contract.columns["currency"].rates.items()} == {
        "CAD": CANADIAN_DOLLAR
    }
    assert set(frame["currency"]) == {"USD", "CAD"}
    assert (frame["Country"] == "Canada").equals(frame["currency"] == "CAD")
    offsets = set(frame["transaction_date"].str[-6:])
    assert {"-05:00", "-04:00", "-08:00", "+00:00", "+13:00"} <= offsets
    days = pd.to_datetime(frame["transaction_date"], utc=True).dt.tz_convert(contract.time_zone)
    assert days.dt.strftime("%Y-%m").between("2025-01", "2025-06").all()


def test_shop_formats_have_the_same_orders(tmp_path: Path) -> None:
    frames = [
        bank("shop", tmp_path, form).drop(columns="Tags", errors="ignore")
        for form in BANKS["shop"].formats
    ]
    for other in frames[1:]:
        assert totals(other).tolist() == totals(frames[0]).tolist()
        texts = ["transaction_id", "customer_id", "location", "transaction_date", "Status"]
        pd.testing.assert_frame_equal(other[texts], frames[0][texts], check_dtype=False)


def test_shop_parquet_has_types_and_a_list_column(tmp_path: Path) -> None:
    delivery, _ = write_bank("shop", tmp_path, customers=30, seed=7, format="parquet")
    schema = pq.read_schema(delivery)
    kinds = [schema.field(name).type for name in ("Quantity", "Unit price", "Tags")]
    assert kinds == [pa.int64(), pa.float64(), pa.list_(pa.string())]


@pytest.mark.parametrize(("name", "form"), FORMS)
def test_bank_without_customers_is_a_header(name: str, form: str, tmp_path: Path) -> None:
    delivery, contract = write_bank(name, tmp_path, customers=0, seed=7, format=form)
    found = records(delivery, load_contract(contract))
    assert len(found) == 0
    assert len(found.columns) > 7


def test_negative_size_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="must not be negative"):
        write_bank("shop", tmp_path, customers=-1, seed=7)


def test_unsupported_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="retail delivers as csv; found 'xlsx'"):
        write_bank("retail", tmp_path, customers=1, seed=7, format="xlsx")
    assert list(tmp_path.iterdir()) == []


def test_command_names_both_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["shop", "--customers", "40", "--output", str(tmp_path)])
    shown = capsys.readouterr().out
    assert f"40 customers in {tmp_path / 'shop_transactions.xlsx'}." in shown
    assert f"BANKSEG_CONTRACT={tmp_path / 'shop.toml'}" in shown
    main(["shop", "--customers", "9", "--format", "parquet", "--output", str(tmp_path)])
    assert f"9 customers in {tmp_path / 'shop_transactions.parquet'}." in capsys.readouterr().out
