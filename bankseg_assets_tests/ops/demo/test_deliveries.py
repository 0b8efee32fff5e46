"""Tests of the demo data: two deliveries of transactions, and one of holdings."""

from pathlib import Path

import pytest

from bankseg_assets.landing.files import list_landing
from bankseg_assets.landing.ledger import Delivery, Ledger
from bankseg_assets.release.releases import (
    PROMOTION,
    RELEASE,
    DeliveryOutcome,
    Manifest,
)
from bankseg_assets.runtime.settings import Settings
from bankseg_assets.storage.documents import write_document
from bankseg_assets.storage.version_store import VersionStore
from ops.demo import deliveries
from ops.demo.deliveries import deliver_first, deliver_rest
from ops.demo.due import FIRST, HOLDINGS, REST, any_is_due, holdings_are_due, rest_is_due
from ops.demo.transactions import demo_chunks

ROWS = 100


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliveries, "COVERED_ROWS", 60)


class StillWaitingError(Exception):
    """The next file is not delivered yet."""


def wait(_: float) -> None:
    raise StillWaitingError


@pytest.fixture
def place(tmp_path: Path) -> Settings:
    """A platform to which the first file was delivered."""
    settings = Settings(data_dir=tmp_path)
    deliver_first(settings, ROWS)
    return settings


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()[1:]


def landed(folder: Path) -> list[str]:
    return [file.name for file in list_landing(folder) if not file.may_still_grow]


def release(settings: Settings, file_name: str) -> None:
    """Release a file."""
    manifest = Manifest(
        kind=PROMOTION,
        note="",
        created_at="2026-11-27T08:00:00+00:00",
        run_id=file_name,
        is_demo=True,
        versions={},
        model_sha256="",
        deliveries=(DeliveryOutcome(file_name=file_name, sha256="", rows_in=1),),
    )
    with VersionStore(settings.published_dir).draft(RELEASE, file_name) as draft:
        write_document(draft.path, manifest.model_dump())


def test_each_delivery_follows_once_the_one_before_is_released(place: Settings) -> None:
    assert landed(place.landing_dir) == [FIRST]
    assert len(lines(place.landing_dir / FIRST)) == 40
    with pytest.raises(StillWaitingError):
        deliver_rest(place, wait, ROWS)
    assert landed(place.landing_dir) == [FIRST]
    release(place, FIRST)
    with pytest.raises(StillWaitingError):
        deliver_rest(place, wait, ROWS)
    assert landed(place.landing_dir) == [FIRST, REST]
    together = [line for name in (FIRST, REST) for line in lines(place.landing_dir / name)]
    assert sorted(together) == sorted(next(demo_chunks(rows=ROWS, seed=7)))
    assert not landed(place.holdings_dir)
    release(place, REST)
    deliver_rest(place, wait, ROWS)
    assert landed(place.holdings_dir) == [HOLDINGS]
    assert not any_is_due(place)
    deliver_first(place, ROWS)
    deliver_rest(place, wait, ROWS)  # nothing is due


def test_nothing_follows_beside_a_file_of_the_bank(place: Settings) -> None:
    """Also if it arrives while the next file waits for a release."""

    def deliver_own(_: float) -> None:
        (place.landing_dir / "bank.csv").touch()

    deliver_rest(place, deliver_own, ROWS)
    assert not rest_is_due(place)
    assert {file.name for file in list_landing(place.landing_dir)} == {FIRST, "bank.csv"}
    assert [path.name for path in place.landing_dir.glob(".*")] == []


def test_rest_is_delivered_only_once(place: Settings) -> None:
    assert rest_is_due(place)
    Ledger(place.ledger_path).record(Delivery("a" * 64, REST, "accepted", "", 1, 1, "run"))
    assert not rest_is_due(place)


def test_demo_holdings_are_not_delivered_beside_others(place: Settings) -> None:
    (place.landing_dir / REST).touch()
    assert holdings_are_due(place)
    Ledger(place.holdings_ledger_path)  # a sensor's look creates it
    assert holdings_are_due(place)
    Ledger(place.holdings_ledger_path).record(
        Delivery("a" * 64, "own.csv", "accepted", "", 1, 1, "run")
    )
    assert not holdings_are_due(place)
