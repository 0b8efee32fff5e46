"""Routes for campaigns agree with app and command line, over HTTP."""

from pathlib import Path

from bankseg_assets.campaigns.audiences import choose, totals
from bankseg_assets.campaigns.customer_list import Choice, make_list
from bankseg_assets.release.releases import current_release
from bankseg_assets.scoring.bundle import load_bundle
from bankseg_assets_tests.app.customers import tables
from bankseg_assets_tests.app.publishing import publish, segments_with_ids
from bankseg_assets_tests.campaigns.test_objections import object_to
from bankseg_assets_tests.ops.api.serving import serving


def test_audiences_and_control_group_agree_with_lists(tmp_path: Path) -> None:
    bundle = load_bundle(publish(tmp_path, tables()))
    release = current_release(tmp_path / "published")
    assert release is not None
    at_risk = choose(totals(release, {}), "At risk")
    listed = make_list(release, bundle, at_risk.audience, Choice("spring"), {}).customers
    with serving(tmp_path) as client:
        found = client.get("/audiences").json
        asked = {"campaign": " spring", "customers": listed["customer_id"].tolist()}
        drawn = client.post("/control-group", asked).json
        refused = client.post("/control-group", {"campaign": "spring"})
    of_group = next(one for one in found["audiences"] if one["name"] == "At risk")
    assert of_group["customers"] == at_risk.customers == len(listed)
    assert drawn["campaign"] == "spring"
    assert drawn["held_out_of_campaign"] == listed["held_out_of_campaign"].tolist()
    assert refused.status == 422
    assert "Expected a JSON object such as" in refused.detail


def test_audiences_need_a_release(tmp_path: Path) -> None:
    with serving(tmp_path) as client:
        assert client.get("/audiences").status == 503


def test_answers_have_permanent_ids_of_segments(tmp_path: Path) -> None:
    publish(tmp_path, tables(), segments=segments_with_ids(7))
    with serving(tmp_path) as client:
        audiences = client.get("/audiences").json["audiences"]
        scored = client.post("/score", {"frequency": 1, "monetary": 300}).json
        (in_batch,) = client.post("/score/batch", [{"frequency": 1}]).json["answers"]
        described = client.get("/model").json["segments"]
        customer = client.get("/customers/C0").json
    ids = {one["name"]: one["segment_id"] for one in audiences if one["kind"] == "segment"}
    assert ids == {"Small spenders": 7, "Frequent spenders": 8, "Big spenders": 9}
    assert {one["segment_id"] for one in audiences if one["kind"] == "group"} == {None}
    assert scored["segment_id"] == in_batch["segment_id"] == customer["segment_id"] == 7
    assert [one["id"] for one in described] == [7, 8, 9]


def test_control_group_reports_objections(tmp_path: Path) -> None:
    publish(tmp_path, tables())
    object_to(tmp_path, "C1")
    with serving(tmp_path) as client:
        found = client.post("/control-group", {"customers": ["C1", "C2"]}).json
    assert found["left_out_by_objection"] == [True, False]


def test_unreadable_objections_are_an_error(tmp_path: Path) -> None:
    publish(tmp_path, tables())
    object_to(tmp_path, "C1", header="client")
    with serving(tmp_path) as client:
        refused = client.post("/control-group", {"customers": ["C1"]})
    assert refused.status == 503
    assert "has no column 'customer_id'" in refused.detail
