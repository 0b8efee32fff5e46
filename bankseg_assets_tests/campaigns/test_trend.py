"""The figures of releases that are no longer kept."""

import datetime
import json
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bankseg_assets.campaigns.release_figures import (
    EARLIER,
    Arrived,
    ReleaseFigures,
    figures_of,
)
from bankseg_assets.campaigns.trend import TREND_FILE, record_trend, trend
from bankseg_assets.release.releases import (
    DeliveryOutcome,
    Release,
    all_releases,
    current_release,
    roll_back,
)
from bankseg_assets.storage import atomic_file
from bankseg_assets.storage.version_store import VersionStore
from bankseg_assets_tests.app.customers import NAMES, tables
from bankseg_assets_tests.app.publishing import publish, segments_with_ids


def released(data_dir: Path, number: int = 0, **changes: object) -> Release:
    """Release the hundred customers, `number` of them doubled; return the release."""
    found = tables()
    rows = [row | {"snapshot_date": datetime.date(2016, 10, 22)} | changes for row in found[ROWS]]
    rows += [row | {"customer_id": f"X{place}"} for place, row in enumerate(rows[:number])]
    publish(data_dir, found | {ROWS: rows}, segments=segments_with_ids(1))
    newest = current_release(data_dir / "published")
    assert newest is not None
    return newest


ROWS = "customer_segments"


def customers_in(found: Any) -> list[int | None]:
    return [one.whole.customers for one in found]


def test_figures_are_of_all_segments_and_groups(tmp_path: Path) -> None:
    found = figures_of(released(tmp_path))
    assert found.snapshot_date == "2016-10-22"
    assert found.whole.customers == 100
    assert found.whole.money == 90_000
    assert found.whole.active_share == 0.62
    segments = {one.id: one for one in found.figures if one.kind == "segment"}
    assert {number: one.name for number, one in segments.items()} == dict(enumerate(NAMES, 1))
    assert {number: one.customers for number, one in segments.items()} == {1: 45, 2: 21, 3: 34}
    groups = {one.name: one.customers for one in found.figures if one.kind == "group"}
    assert groups == {"Champions": 62, "At risk": 38}


def test_share_of_few_customers_is_hidden_with_a_second_one(tmp_path: Path) -> None:
    """Four of 21 are inactive; the figures of the others and of all would reveal them."""
    found = figures_of(released(tmp_path))
    shares = {one.id: one.active_share for one in found.figures if one.kind == "segment"}
    assert shares[2] is None
    assert list(shares.values()).count(None) > 1


def test_small_group_has_no_figures(tmp_path: Path) -> None:
    found = tables()
    rows = [
        row | {"rfm_group": "Lost" if number < 5 else row["rfm_group"]}
        for number, row in enumerate(found[ROWS])
    ]
    publish(tmp_path, found | {ROWS: rows})
    release = current_release(tmp_path / "published")
    assert release is not None
    groups = {one.name: one for one in figures_of(release).figures if one.kind == "group"}
    assert groups["Lost"].model_dump(exclude={"kind", "name"}) == dict.fromkeys(
        ("id", "customers", "money", "income", "active_share", "repeat_share")
    )
    assert groups["At risk"].customers is None  # or the number of all would reveal the five


def test_sums_may_be_negative_or_large(tmp_path: Path) -> None:
    huge = Decimal("-99999999999999.999")
    assert figures_of(released(tmp_path, monetary=huge)).whole.money == float(100 * huge)


def by_month(data_dir: Path, months: dict[str, int]) -> ReleaseFigures:
    """Release so many customers with their first transaction on each day; return the figures."""
    days = [datetime.date.fromisoformat(day) for day, count in months.items() for _ in range(count)]
    rows = [
        row | {"snapshot_date": datetime.date(2016, 10, 22), "first_day": day}
        for row, day in zip(tables()[ROWS] * 2, days, strict=False)
    ]
    publish(data_dir, tables() | {ROWS: rows})
    release = current_release(data_dir / "published")
    assert release is not None
    return figures_of(release)


def test_cohorts_are_customers_by_first_month(tmp_path: Path) -> None:
    found = by_month(tmp_path, {"2016-08-01": 30, "2016-08-31": 20, "2016-10-21": 50})
    assert {one.name: one.customers for one in found.cohorts} == {"2016-08": 50, "2016-10": 50}
    assert found.cohorts[1].active_share is not None


def test_small_cohort_is_hidden_with_a_second_one(tmp_path: Path) -> None:
    found = by_month(tmp_path, {"2016-08-01": 5, "2016-09-01": 35, "2016-10-01": 60})
    counts = {one.name: one.customers for one in found.cohorts}
    assert counts == {"2016-08": None, "2016-09": None, "2016-10": 60}


def test_months_long_ago_are_one_cohort(tmp_path: Path) -> None:
    found = by_month(tmp_path, {"1999-01-01": 20, "2013-10-31": 20, "2013-11-01": 60})
    counts = {one.name: one.customers for one in found.cohorts}
    assert counts == {EARLIER: 40, "2013-11": 60}


def test_release_without_first_days_has_no_cohorts(tmp_path: Path) -> None:
    found = released(tmp_path)
    assert figures_of(found).cohorts == ()


def test_new_files_are_counted_and_small_counts_hidden(tmp_path: Path) -> None:
    files = tuple(
        DeliveryOutcome(
            file_name=f"{number}.csv",
            sha256=str(number),
            rows_in=1000,
            rows_clean=990,
            rows_quarantined=5 * number,
        )
        for number in (0, 1)
    )
    release = released(tmp_path).model_copy(update={"deliveries": files})
    assert figures_of(release).arrived == Arrived(
        files=2, accepted=1980, quarantined=None, duplicates=0
    )


def test_line_of_an_older_build_is_read(tmp_path: Path) -> None:
    """It has no cohorts and no files; that of a kept release gets a second line with them."""
    first = released(tmp_path)
    last = released(tmp_path, 1)
    new = ("version", "model", "arrived", "cohorts")
    old = [figures_of(one).model_dump(exclude=set(new)) for one in (first, last)]
    path = first.folder / TREND_FILE
    path.write_text("".join(f"{json.dumps(one)}\n" for one in old), encoding="utf-8")
    shutil.rmtree(tmp_path / "published" / "release" / first.name)
    record_trend(last.folder)
    assert len(path.read_text(encoding="utf-8").splitlines()) == 3
    found = trend(last.folder, last)[0]
    assert customers_in(found) == [100, 101]
    assert [one.arrived is None for one in found] == [True, False]
    record_trend(last.folder)
    assert len(path.read_text(encoding="utf-8").splitlines()) == 3


def test_trend_outlives_the_releases(tmp_path: Path) -> None:
    for number in (0, 1, 2):
        released(tmp_path, number)
        record_trend(tmp_path / "published")
    first, *_, last = all_releases(tmp_path / "published")
    shutil.rmtree(tmp_path / "published" / "release" / first.name)
    assert customers_in(trend(last.folder, last)[0]) == [100, 101, 102]
    assert customers_in(trend(last.folder, first)[0]) == [100]


def test_trend_has_no_customer(tmp_path: Path) -> None:
    release = released(tmp_path)
    record_trend(release.folder)
    (line,) = (release.folder / TREND_FILE).read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["release"] == release.name
    assert not any(f'"{row["customer_id"]}"' in line for row in tables()[ROWS])


def test_trend_without_a_file_is_of_the_kept_releases(tmp_path: Path) -> None:
    released(tmp_path)
    last = released(tmp_path, 3)
    assert customers_in(trend(last.folder, last)[0]) == [100, 103]


def test_interrupted_line_is_added_with_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    released(tmp_path)
    with monkeypatch.context() as full:

        def no_space(*_: object) -> None:
            raise OSError(28, "No space left on device")

        full.setattr(atomic_file.os, "fsync", no_space)
        with pytest.raises(OSError, match="No space"):
            record_trend(tmp_path / "published")
    assert not (tmp_path / "published" / TREND_FILE).exists()
    last = released(tmp_path, 1)
    record_trend(last.folder)
    record_trend(last.folder)  # nothing to add
    lines = (last.folder / TREND_FILE).read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["figures"][0]["customers"] for line in lines] == [100, 101]


def test_damaged_line_is_skipped_and_kept(tmp_path: Path) -> None:
    last = released(tmp_path)
    path = last.folder / TREND_FILE
    path.write_text('{"release": "of another build"', encoding="utf-8")
    record_trend(last.folder)
    assert len(path.read_text(encoding="utf-8").splitlines()) == 2
    assert customers_in(trend(last.folder, last)[0]) == [100]


def test_rolled_back_release_is_left_out(tmp_path: Path) -> None:
    released(tmp_path)
    released(tmp_path, 50)
    record_trend(tmp_path / "published")
    restored = roll_back(VersionStore(tmp_path / "published"))
    assert customers_in(trend(restored.folder, restored)[0]) == [100]
    last = released(tmp_path, 1)
    record_trend(last.folder)
    assert customers_in(trend(last.folder, last)[0]) == [100, 101]


def test_trend_is_of_comparable_releases(tmp_path: Path) -> None:
    released(tmp_path)
    last = released(tmp_path, 1)
    for changes in ({"is_demo": True}, {"currency": "EUR"}):
        assert trend(last.folder, last.model_copy(update=changes))[0] == []
    other = last.model_copy(update={"customer_key": "location"})
    assert customers_in(trend(last.folder, other)[0]) == [100, 101]  # older: without a record
