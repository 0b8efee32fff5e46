"""The list of an audience: measures, action, confidence, control group, and its files."""

import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

from bankseg_assets.campaigns.audiences import Audience, cell
from bankseg_assets.campaigns.customer_list import CampaignList, Choice, make_list
from bankseg_assets.campaigns.list_files import csv_of, file_stem, json_of, xlsx_of
from bankseg_assets.release.releases import Release, current_release
from bankseg_assets.scoring.bundle import Bundle, load_bundle
from bankseg_assets_tests.app.customers import tables
from bankseg_assets_tests.app.publishing import publish, segments_with_ids

CHAMPIONS = Audience("group", "Champions", "Thank them")
SMALL = Audience("segment", "Small spenders", segment=0)


def released(tmp_path: Path, **changes: list[dict[str, Any]]) -> tuple[Release, Bundle]:
    """Publish the hundred customers, each with another sum of money, and return the release."""
    found = tables()
    found["customer_segments"] = [
        row | {"monetary": Decimal(300 + number)}
        for number, row in enumerate(found["customer_segments"])
    ]
    bundle = load_bundle(publish(tmp_path, found | changes))
    release = current_release(tmp_path / "published")
    assert release is not None
    return release, bundle


def listed(tmp_path: Path, audience: Audience = CHAMPIONS, **choice: Any) -> CampaignList:
    release, bundle = released(tmp_path)
    return make_list(release, bundle, audience, Choice(**choice), {0: "Call"})


def test_list_has_measures_and_no_constants(tmp_path: Path) -> None:
    found = listed(tmp_path).customers
    assert found.columns.tolist() == [
        *("customer_id", "segment", "rfm_group", "recency", "frequency", "monetary"),
        *("confidence", "action", "held_out_of_campaign"),
    ]
    assert len(found) == 62
    assert set(found["rfm_group"]) == {"Champions"}


def test_list_has_permanent_ids_of_segments(tmp_path: Path) -> None:
    bundle = load_bundle(publish(tmp_path, tables(), segments=segments_with_ids(7)))
    release = current_release(tmp_path / "published")
    assert release is not None
    of_group = make_list(release, bundle, CHAMPIONS, Choice(), {})
    assert of_group.customers.columns.tolist()[1:3] == ["segment", "segment_id"]
    pairs = of_group.customers[["segment", "segment_id"]].drop_duplicates().to_numpy().tolist()
    assert sorted(pairs) == [["Frequent spenders", 8], ["Small spenders", 7]]
    assert "segment_id" not in json.loads(json_of(of_group))
    of_segment = make_list(release, bundle, SMALL, Choice(), {})
    assert json.loads(json_of(of_segment))["segment_id"] == 7


def test_list_is_sorted_by_money_and_limited(tmp_path: Path) -> None:
    found = listed(tmp_path, top=3).customers
    assert found["customer_id"].tolist() == ["C95", "C94", "C93"]
    assert found["monetary"].tolist() == [395, 394, 393]


def test_top_counts_after_the_minimum_confidence(tmp_path: Path) -> None:
    everyone = listed(tmp_path).customers
    least = float(everyone["confidence"].median())
    found = listed(tmp_path, min_confidence=least, top=5).customers
    assert found["customer_id"].tolist() == (
        everyone[everyone["confidence"] >= least]["customer_id"].head(5).tolist()
    )


def test_uncertain_customers_have_no_action(tmp_path: Path) -> None:
    """Five customers of the list are in a segment that the model holds unlikely."""
    found = listed(tmp_path).customers
    unsure = found["confidence"] < 0.6
    assert unsure.any()
    assert set(found["action"][unsure]) == {""}
    assert set(found["action"][~unsure]) == {"Thank them"}


def test_action_fits_the_audience(tmp_path: Path) -> None:
    release, bundle = released(tmp_path)
    of_segment = make_list(release, bundle, SMALL, Choice(), {0: "Call"}).customers
    assert set(of_segment["action"]) <= {"Call", ""}
    of_cell = make_list(release, bundle, cell(5, 1), Choice(), {0: "Call"}).customers
    assert set(of_cell["action"]) <= {"Thank them, and ask for a referral", ""}


def test_control_group_is_the_same_in_the_next_release(tmp_path: Path) -> None:
    def held() -> list[str]:
        rows = listed(tmp_path, campaign=" spring ").customers
        return rows["customer_id"][rows["held_out_of_campaign"]].tolist()

    before = held()
    assert 0 < len(before) < 20
    assert held() == before  # `listed` has published another release


def test_control_group_depends_on_the_campaign(tmp_path: Path) -> None:
    spring = listed(tmp_path, campaign="spring").customers["held_out_of_campaign"].tolist()
    autumn = listed(tmp_path, campaign="autumn").customers["held_out_of_campaign"].tolist()
    assert spring != autumn


def test_list_has_balance_and_products_where_known(tmp_path: Path) -> None:
    products = [
        {"customer_id": "C95", "rank": rank, "product": name}
        for rank, name in ((2, "Loan"), (1, "Card"))
    ]
    found = tables()["customer_segments"]
    customers = [row | {"latest_balance": Decimal("12.50")} for row in found]
    release, bundle = released(
        tmp_path, customer_segments=customers, product_recommendations=products
    )
    rows = make_list(release, bundle, CHAMPIONS, Choice(), {}).customers.set_index("customer_id")
    assert rows["balance"].unique().tolist() == [12.5]
    assert rows["next_products"]["C95"] == "Card, Loan"
    assert rows["next_products"].drop("C95").eq("").all()


def test_list_has_forecasts_where_known(tmp_path: Path) -> None:
    known = {"p_alive": 0.98765, "days_next_90": 1.23456, "spend_next_90": 99.999}
    found = tables()["customer_segments"]
    unknown = dict.fromkeys(known)
    customers = [row | (known if row["customer_id"] == "C95" else unknown) for row in found]
    release, bundle = released(tmp_path, customer_segments=customers)
    rows = make_list(release, bundle, CHAMPIONS, Choice(), {}).customers.set_index("customer_id")
    assert rows.loc["C95", list(known)].tolist() == [0.988, 1.23, 100]
    assert rows["p_alive"].drop("C95").isna().all()


def test_list_includes_balances_rounded_below_zero(tmp_path: Path) -> None:
    """An average balance can be a fraction of a cent below zero, outside the model's range."""
    customers = [row | {"monetary": Decimal("-0.004")} for row in tables()["customer_segments"]]
    release, bundle = released(tmp_path, customer_segments=customers)
    assert len(make_list(release, bundle, cell(5, 1), Choice(), {}).customers) == 50


def test_empty_audience_makes_an_empty_list(tmp_path: Path) -> None:
    found = listed(tmp_path, cell(3, 3))
    assert found.customers.empty
    assert pd.read_csv(io.BytesIO(csv_of(found))).empty


@pytest.mark.parametrize(("top", "ending"), [(500, "_top-500"), (0, "")])
def test_file_names_say_what_is_in_them(top: int, ending: str) -> None:
    stem = file_stem(Audience("group", "At risk"), "2016-10-22", top)
    assert stem == f"win-back_at-risk_2016-10-22{ending}"
    assert file_stem(cell(5, 1), "2016-10-22", top) == f"rfm-cell_r5-f1_2016-10-22{ending}"


def test_csv_and_json_hold_rows_and_constants(tmp_path: Path) -> None:
    found = listed(tmp_path, campaign="spring", top=10)
    assert len(pd.read_csv(io.BytesIO(csv_of(found)))) == 10
    facts = json.loads(json_of(found))
    assert facts["campaign"] == "spring"
    assert facts["to_contact"] + facts["held_out_of_campaign"] == facts["customers"] == 10
    assert {"release", "snapshot_date", "currency", "model_version"} <= set(facts)


def test_xlsx_has_customers_and_a_sheet_of_facts(tmp_path: Path) -> None:
    found = listed(tmp_path, top=10)
    book = CalamineWorkbook.from_filelike(io.BytesIO(xlsx_of(found)))
    assert book.sheet_names == ["Customers", "About this list"]
    header, first, *_ = rows = book.get_sheet_by_name("Customers").to_python()
    assert header == found.customers.columns.tolist()
    assert first[0] == "C95"
    assert len(rows) == 11
    facts = {str(row[0]): row[1] for row in book.get_sheet_by_name("About this list").to_python()}
    assert facts["currency"] == "INR"
    assert facts["customers"] == 10


def test_csv_of_a_list_has_no_formulas(tmp_path: Path) -> None:
    release, bundle = released(tmp_path)
    audience = Audience("group", "Champions", "=Write")
    rows = pd.read_csv(io.BytesIO(csv_of(make_list(release, bundle, audience, Choice(), {}))))
    assert set(rows["action"].dropna()) == {"'=Write"}
