"""Tests of the demo data in two deliveries."""

from pathlib import Path

import pytest

from bankseg_assets.landing.files import list_landing
from bankseg_assets.landing.ledger import Delivery, Ledger
from bankseg_assets.runtime.settings import Settings
from ops.demo import deliveries
from ops.demo.deliveries import deliver
from ops.demo.due import FIRST, REST, rest_is_due
from ops.demo.transactions import demo_chunks

ROWS = 100


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliveries, "COVERED_ROWS", 60)


class StillWaitingError(Exception):
    """The rest is not delivered yet."""


def wait(_: float) -> None:
    raise StillWaitingError


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()[1:]


def test_rest_follows_once_the_first_is_released(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(data_dir=tmp_path)
    with pytest.raises(StillWaitingError):
        deliver(settings, wait, ROWS)
    assert [file.name for file in list_landing(settings.landing_dir)] == [FIRST]
    assert len(lines(settings.landing_dir / FIRST)) == 40
    monkeypatch.setattr(deliveries, "current_release", lambda _: object())
    deliver(settings, wait, ROWS)
    files = list_landing(settings.landing_dir)
    assert [file.name for file in files] == [FIRST, REST]
    assert not any(file.may_still_grow for file in files)
    together = [line for file in files for line in lines(file.path)]
    assert sorted(together) == sorted(next(demo_chunks(rows=ROWS, seed=7)))
    deliver(settings, wait, ROWS)  # nothing is due


def test_rest_is_not_due_beside_a_file_of_the_bank(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    with pytest.raises(StillWaitingError):
        deliver(settings, wait, ROWS)
    (settings.landing_dir / "bank.csv").touch()
    assert not rest_is_due(settings)
    deliver(settings, wait, ROWS)


def test_rest_is_delivered_only_once(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    with pytest.raises(StillWaitingError):
        deliver(settings, wait, ROWS)
    assert rest_is_due(settings)
    Ledger(settings.ledger_path).record(Delivery("a" * 64, REST, "accepted", "", 1, 1, "run"))
    assert not rest_is_due(settings)
