"""The model that is served when releases change or break."""

from pathlib import Path

import pytest

from bankseg_assets.release.releases import Release
from bankseg_assets.scoring.current_model import Serving, renew
from bankseg_assets.scoring.published_model import newest_first
from bankseg_assets.storage.documents import DOCUMENT_FILE
from bankseg_assets_tests.app.publishing import publish


class Bank:
    """A data folder and the state of a session that serves from it."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir

    def find(self) -> list[Release]:
        return newest_first(self.data_dir / "published")

    def publish(self, version: str) -> Path:
        return publish(self.data_dir, version=version)


@pytest.fixture
def bank(tmp_path: Path) -> Bank:
    return Bank(tmp_path)


def version(serving: Serving) -> str:
    return serving.bundle.version if serving.bundle else ""


def test_renew_without_model_has_no_problem(bank: Bank) -> None:
    nothing = Serving()
    assert renew(nothing, bank.find) is nothing


def test_same_release_is_not_read_again(bank: Bank) -> None:
    folder = bank.publish("first")
    serving = renew(Serving(), bank.find)
    (folder / DOCUMENT_FILE).unlink()
    assert renew(serving, bank.find) is serving


def test_new_release_replaces_model(bank: Bank) -> None:
    bank.publish("first")
    serving = renew(Serving(), bank.find)
    bank.publish("second")
    assert version(renew(serving, bank.find)) == "second"


def test_last_good_model_serves_while_newest_is_broken(bank: Bank) -> None:
    bank.publish("first")
    good = renew(Serving(), bank.find)
    (bank.publish("second") / DOCUMENT_FILE).write_text("{")
    broken = renew(good, bank.find)
    assert broken.bundle is good.bundle
    assert "cannot be read" in broken.problem
    assert renew(broken, bank.find) is broken
    # A new visitor gets the same.
    late = renew(Serving(), bank.find)
    assert (version(late), late.problem) == ("first", broken.problem)
    assert renew(late, bank.find) is late


def test_problem_ends_with_good_release(bank: Bank) -> None:
    bank.publish("first")
    (bank.publish("second") / DOCUMENT_FILE).write_text("{")
    broken = renew(Serving(), bank.find)
    bank.publish("third")
    repaired = renew(broken, bank.find)
    assert (version(repaired), repaired.problem) == ("third", "")


def test_missing_releases_are_problem_only_after_model(bank: Bank) -> None:
    bank.publish("first")
    lost = renew(renew(Serving(), bank.find), list)
    assert version(lost) == "first"
    assert lost.problem == "All releases were removed."
