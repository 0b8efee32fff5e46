"""What releases say about one customer."""

import datetime
import shutil
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from bankseg_assets.lookup.customer import (
    Customer,
    LookupFailedError,
    find_customer,
    not_found,
)
from bankseg_assets.lookup.history import history
from bankseg_assets.lookup.months import by_month, months_of
from bankseg_assets.lookup.next_products import next_products
from bankseg_assets.lookup.portrait import explanation, known_inputs, portrait, shown_measures
from bankseg_assets.release.key_column import key_column
from bankseg_assets.release.releases import Release, all_releases
from bankseg_assets.scoring.bundle import load_bundle
from bankseg_assets.scoring.published_model import read_model
from bankseg_assets.scoring.segment_names import rename
from bankseg_assets_tests.app.one_customer import (
    HOLDER,
    OTHER,
    customer_tables,
    newest,
    publish_customers,
    release_again,
    segment_values,
)
from bankseg_assets_tests.app.publishing import publish, segments_with_ids


def of(release: Release, customer_id: str = HOLDER) -> Customer:
    found = find_customer(release, customer_id)
    assert found is not None
    return found


@pytest.mark.parametrize("typed", [HOLDER, f"  {HOLDER.lower()}\n"])
def test_customer_is_found_as_typed(tmp_path: Path, typed: str) -> None:
    publish_customers(tmp_path)
    found = find_customer(newest(tmp_path), typed)
    assert found is not None
    assert (found.customer_id, found.segment_name) == (HOLDER, "Frequent spenders")
    assert found.measures == {"recency": 80, "frequency": 7, "monetary": 900}
    assert found.scores == (1, 5)


@pytest.mark.parametrize("typed", ["", "  ", "C", "C9700", "C97'", "x" * 100_000])
def test_other_texts_find_no_customer(tmp_path: Path, typed: str) -> None:
    publish_customers(tmp_path)
    assert find_customer(newest(tmp_path), typed) is None


def test_unknown_id_names_the_customer_key(tmp_path: Path) -> None:
    publish_customers(tmp_path)
    release = newest(tmp_path)
    assert "as the bank's files have it" in not_found(release)
    key = "concat_ws('|', customer_id, birth_date)"
    assert key in not_found(release.model_copy(update={"customer_key": key}))


def test_damaged_table_names_the_next_step(tmp_path: Path) -> None:
    publish_customers(tmp_path)
    release = newest(tmp_path)
    shutil.rmtree(release.path("customer_segments"))
    with pytest.raises(LookupFailedError, match=r"customer_segments .* Materialize again") as error:
        find_customer(release, HOLDER)
    assert HOLDER not in str(error.value)


def test_history_has_a_row_for_each_kept_release(tmp_path: Path) -> None:
    publish_customers(tmp_path, **segment_values(0))
    release_again(tmp_path, customer_id="C500")  # a release without the customer
    release_again(tmp_path, **segment_values(1))
    last = release_again(tmp_path, **segment_values(1))
    found = history(all_releases(last.folder), last, of(last))
    names = [one.name for one in found]
    assert names == ["Small spenders", "", "Frequent spenders", "Frequent spenders"]
    assert [one.moved for one in found] == [False, False, True, False]


def test_history_has_the_names_that_the_bank_gives(tmp_path: Path) -> None:
    """A renamed segment is one segment in all releases, not a move."""
    segments = segments_with_ids(1)
    publish(tmp_path, customer_tables(**segment_values(0)), segments=segments)
    release_again(tmp_path, **segment_values(0))
    last = release_again(tmp_path, **segment_values(1))
    bundle = read_model(last)
    rename(last.folder, bundle, bundle.segments[0], "Starters")
    found = history(all_releases(last.folder), last, of(last))
    assert [one.name for one in found] == ["Starters", "Starters", "Frequent spenders"]
    assert [one.moved for one in found] == [False, False, True]


def test_history_compares_segments_by_permanent_id(tmp_path: Path) -> None:
    """Another k may give the number and the name of one segment to another."""
    publish(tmp_path, customer_tables(**segment_values(0)), segments=segments_with_ids(1))
    publish(tmp_path, customer_tables(**segment_values(0)), segments=segments_with_ids(7))
    last = newest(tmp_path)
    found = history(all_releases(last.folder), last, of(last))
    assert [one.moved for one in found] == [False, True]


def test_history_leaves_out_another_customer_key(tmp_path: Path) -> None:
    publish_customers(tmp_path)
    last = release_again(tmp_path)
    first, _ = all_releases(last.folder)
    other = first.model_copy(update={"customer_key": "location"})
    current = last.model_copy(update={"customer_key": "customer_id"})
    assert len(history([first, current], current, of(current))) == 2
    assert len(history([other, current], current, of(current))) == 1


def test_history_leaves_out_damaged_releases(tmp_path: Path) -> None:
    publish_customers(tmp_path)
    last = release_again(tmp_path)
    first, _ = all_releases(last.folder)
    shutil.rmtree(first.path("customer_segments"))
    (found,) = history(all_releases(last.folder), last, of(last))
    assert found.release.name == last.name


def test_months_have_gaps_and_sums(tmp_path: Path) -> None:
    publish_customers(tmp_path, frequency=3)
    release = newest(tmp_path)
    found = months_of(release, of(release))
    assert found is not None
    assert [(one.month.month, one.transactions, one.amount) for one in found] == [
        (8, 2, Decimal(250)),
        (9, 0, Decimal(0)),
        (10, 1, Decimal(650)),
    ]
    assert months_of(release, of(release, OTHER)) == []


def test_months_count_income_apart() -> None:
    day = datetime.datetime(2024, 2, 29, 23, 59)
    amounts = (("spending", "10.500"), ("income", "900"), (None, "-0.500"))
    rows = [
        {"transaction_at": day, "amount": Decimal(amount), "direction": direction}
        for direction, amount in amounts
    ]
    (found,) = by_month(rows)
    assert (found.transactions, str(found.amount), str(found.income)) == (2, "10.000", "900")


def test_months_last_until_the_end_of_the_data() -> None:
    row = {"transaction_at": datetime.datetime(2015, 12, 31), "amount": Decimal(1)}
    found = by_month([row], datetime.date(2016, 2, 29))
    assert [(one.month.month, one.transactions) for one in found] == [(12, 1), (1, 0), (2, 0)]
    assert len(by_month([row], datetime.date(2030, 1, 1))) == 36


def test_months_need_a_key_that_is_a_column(tmp_path: Path) -> None:
    publish_customers(tmp_path)
    release = newest(tmp_path)
    keys = {"": "customer_id", " `Location` ": "location", "concat_ws('|', customer_id)": None}
    for key, column in keys.items():
        of_key = release.model_copy(update={"customer_key": key})
        assert key_column(of_key) == column
    assert months_of(of_key, of(release)) is None


def test_next_products_have_reasons_in_order(tmp_path: Path) -> None:
    publish_customers(tmp_path)
    release = newest(tmp_path)
    of_holder = next_products(release, of(release))
    assert [one.product for one in of_holder] == ["Credit card", "Deposit", "Loan"]
    assert of_holder[0].reason == (
        "It suits what the customer has (Current account): predicted preference 0.73 of 1."
    )
    of_other = next_products(release, of(release, OTHER))
    assert of_other[0].reason.startswith("About 73.4% of the segment's customers")
    assert next_products(release, of(release, "C50")) == []


def test_portrait_explains_the_segment(tmp_path: Path) -> None:
    bundle = load_bundle(publish_customers(tmp_path, monetary=Decimal(6000)))
    release = newest(tmp_path)
    found = portrait(release, bundle, of(release), all_releases(release.folder))
    assert found.segment.name == "Frequent spenders"
    assert found.explanation.agrees
    assert found.explanation.sure
    assert "the number of transactions is high" in found.explanation.sentence
    assert found.group_action == "Win them back with a personal offer"
    shown = shown_measures(found.segment, found.customer.measures)
    assert shown == {"frequency": 7, "average_amount": pytest.approx(6000 / 7)}


def test_portrait_notes_a_customer_near_a_border(tmp_path: Path) -> None:
    """The nearest centre decides; the model may find another segment more probable."""
    bundle = load_bundle(publish_customers(tmp_path, **segment_values(2)))
    customer = of(newest(tmp_path))
    found = explanation(bundle, customer)
    assert not found.agrees
    assert not found.sure
    assert found.sentence.startswith("The customer is near the border to Frequent spenders")
    assert found.changes == ()


def test_inputs_below_zero_by_rounding_are_zero(tmp_path: Path) -> None:
    bundle = load_bundle(publish_customers(tmp_path))
    customer = of(newest(tmp_path))
    overdrawn = replace(customer, measures={"frequency": 1.0, "monetary": -0.004, "age": 40.0})
    assert known_inputs(bundle, overdrawn) == {"frequency": 1.0, "monetary": 0.0}
