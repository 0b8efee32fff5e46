"""Names that the bank gives to its segments."""

import json
from pathlib import Path

import pytest

from bankseg_assets.campaigns.audiences import choose, totals
from bankseg_assets.campaigns.customer_list import Choice, make_list
from bankseg_assets.release.releases import current_release
from bankseg_assets.scoring.bundle import Bundle, bundle_from
from bankseg_assets.scoring.current_model import Serving, renew
from bankseg_assets.scoring.published_model import newest_first
from bankseg_assets.scoring.segment_names import (
    NAMES_FILE,
    SegmentNameError,
    named,
    read_names,
    rename,
)
from bankseg_assets_tests.app.customers import tables
from bankseg_assets_tests.app.publishing import SEGMENTS, model, publish

FIRST, SECOND, THIRD = (name for name, *_ in SEGMENTS)
IDS = (7, 8, 9)


def document() -> list[dict[str, object]]:
    segments: list[dict[str, object]] = model()["segments"]
    return [one | {"id": number} for one, number in zip(segments, IDS, strict=True)]


@pytest.fixture
def bundle() -> Bundle:
    return bundle_from(model(segments=document()))


def test_name_is_kept_by_id_and_recorded(tmp_path: Path, bundle: Bundle) -> None:
    assert rename(tmp_path, bundle, bundle.segments[2], "  Private   banking ") == "Private banking"
    assert read_names(tmp_path) == {9: "Private banking"}
    renamed = named(bundle, read_names(tmp_path))
    assert list(renamed.segment_names.values()) == [FIRST, SECOND, "Private banking"]
    assert renamed.segments[2].generated_name == THIRD
    (change,) = json.loads((tmp_path / NAMES_FILE).read_text(encoding="utf-8"))["changes"]
    assert (change["id"], change["before"], change["after"]) == (9, THIRD, "Private banking")
    assert change["at"]


def test_name_follows_its_id_into_a_new_model(bundle: Bundle) -> None:
    first, *others = document()
    newer = bundle_from(model(segments=[first | {"id": 8, "name": "Renewed"}, *others[1:]]))
    assert named(newer, {8: "Ours"}).segments[0].name == "Ours"


def test_empty_name_resets(tmp_path: Path, bundle: Bundle) -> None:
    rename(tmp_path, bundle, bundle.segments[0], "Ours")
    renamed = named(bundle, read_names(tmp_path))
    assert rename(tmp_path, renamed, renamed.segments[0], " ") == FIRST
    assert read_names(tmp_path) == {}
    assert named(renamed, {}).segments == named(bundle, {}).segments
    record = json.loads((tmp_path / NAMES_FILE).read_text(encoding="utf-8"))
    assert [one["after"] for one in record["changes"]] == ["Ours", FIRST]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("x" * 41, "41 characters; expected at most 40"),
        ("<b>Big</b>", "cannot be a name"),
        ("=1+1", "cannot be a name"),
        ("a_b", "cannot be a name"),
        (SECOND.upper(), "another segment or group"),
        ("At risk", "another segment or group"),
    ],
)
def test_unusable_name_is_refused(tmp_path: Path, bundle: Bundle, name: str, reason: str) -> None:
    with pytest.raises(SegmentNameError, match=reason):
        rename(tmp_path, bundle, bundle.segments[0], name, ("At risk",))
    assert not (tmp_path / NAMES_FILE).exists()


@pytest.mark.parametrize("name", ["Sparer 50+", "सेवर", "Wealthy (EUR 1.5 m)", "Ménages, jeunes"])
def test_name_may_be_in_any_language(tmp_path: Path, bundle: Bundle, name: str) -> None:
    assert rename(tmp_path, bundle, bundle.segments[0], name) == name


def test_old_segment_without_id_cannot_be_renamed(tmp_path: Path) -> None:
    old = bundle_from(model())
    with pytest.raises(SegmentNameError, match="no permanent id"):
        rename(tmp_path, old, old.segments[0], "Ours")


def test_damaged_file_is_ignored_and_not_overwritten(tmp_path: Path, bundle: Bundle) -> None:
    (tmp_path / NAMES_FILE).write_text("{", encoding="utf-8")
    assert read_names(tmp_path) == {}
    with pytest.raises(SegmentNameError, match="Move the file away"):
        rename(tmp_path, bundle, bundle.segments[0], "Ours")
    assert (tmp_path / NAMES_FILE).read_text(encoding="utf-8") == "{"


def test_two_segments_never_have_the_same_name(bundle: Bundle) -> None:
    """A newer model may give the name that the bank chose to another segment."""
    found = named(bundle, {7: SECOND})
    assert list(found.segment_names.values()) == [SECOND, f"{SECOND} (1)", THIRD]
    assert named(found, {7: SECOND}) is found


def test_unchanged_names_keep_the_model(bundle: Bundle) -> None:
    once = named(bundle, {7: "Ours"})
    assert named(once, {7: "Ours"}) is once
    assert named(bundle, {}) is bundle


def test_served_model_lists_and_totals_have_the_name(tmp_path: Path) -> None:
    """The tables of the release keep the platform's names."""
    publish(tmp_path, tables(), segments=document())
    published = tmp_path / "published"
    serving = renew(Serving(), lambda: newest_first(published))
    assert serving.bundle is not None
    rename(published, serving.bundle, serving.bundle.segments[0], "Ours")
    after = renew(serving, lambda: newest_first(published))
    assert after.release is serving.release
    assert after.bundle is not None
    assert renew(after, lambda: newest_first(published)) is after
    release = current_release(published)
    assert release is not None
    found = [one.audience for one in totals(release, {}, after.bundle.segment_names)]
    audience = next(one for one in found if one.name == "Ours")
    rows = make_list(release, after.bundle, audience, Choice(), {}).customers
    assert set(rows["segment"]) == {"Ours"}
    recorded = choose(totals(release, {}, after.bundle.segment_names), FIRST)
    assert recorded.audience.name == "Ours"  # scripts may go on with the name of the release
    (before,) = [one.audience for one in totals(release, {}) if one.audience.name == FIRST]
    assert recorded.audience.campaign == before.campaign  # the same control group
