"""Which model goes on answering when something changes or breaks."""

from pathlib import Path

from app.published import Publication, RecordError
from app.serving import Serving, renew
from bankseg_assets.scoring import BUNDLE_FILE
from bankseg_assets_tests.app.publishing import write_model


def _publication(data_dir: Path, version: str) -> Publication:
    return Publication(*write_model(data_dir, version=version))


def _unreadable() -> Publication:
    raise RecordError("The record is torn.")


def test_before_the_first_model_there_is_neither_a_model_nor_a_problem() -> None:
    nothing = Serving()
    assert renew(nothing, lambda: None) is nothing


def test_the_same_publication_is_not_read_again(tmp_path: Path) -> None:
    publication = _publication(tmp_path, "first")
    serving = renew(Serving(), lambda: publication)
    (publication.path / BUNDLE_FILE).unlink()
    assert renew(serving, lambda: publication) is serving


def test_a_new_publication_replaces_the_model(tmp_path: Path) -> None:
    first, second = (_publication(tmp_path, version) for version in ("first", "second"))
    serving = renew(renew(Serving(), lambda: first), lambda: second)
    assert serving.bundle is not None
    assert serving.bundle.version == "second"


def test_the_last_good_model_answers_while_the_newest_is_broken(tmp_path: Path) -> None:
    first, second = (_publication(tmp_path, version) for version in ("first", "second"))
    (second.path / BUNDLE_FILE).write_text("{")
    good = renew(Serving(), lambda: first)
    broken = renew(good, lambda: second)
    assert broken.bundle is good.bundle
    assert "cannot be read" in broken.problem
    assert renew(broken, lambda: second) is broken


def test_the_problem_is_over_when_the_record_is_good_again(tmp_path: Path) -> None:
    first = _publication(tmp_path, "first")
    broken = renew(renew(Serving(), lambda: first), _unreadable)
    assert broken.problem == "The record is torn."
    assert renew(broken, lambda: first).problem == ""


def test_a_lost_record_is_a_problem_only_to_who_had_a_model(tmp_path: Path) -> None:
    first = _publication(tmp_path, "first")
    lost = renew(renew(Serving(), lambda: first), lambda: None)
    assert lost.bundle is not None
    assert "no longer" in lost.problem
