"""A new model is a candidate until someone else than its maker decides; killed, nothing is torn."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bankseg_assets.privacy.audit import Actor, AuditLog
from bankseg_assets.release import candidates
from bankseg_assets.release.candidates import (
    AUTOMATIC,
    ApprovalError,
    Candidate,
    approve,
    awaiting,
    decisions,
    decline,
    needs_approval,
    pending,
    submit,
)
from bankseg_assets.release.releases import (
    Manifest,
    ModelFit,
    Release,
    all_releases,
    current_release,
    prune,
    roll_back,
)
from bankseg_assets.release.unreleased_versions import CANDIDATE, DECISIONS_FILE
from bankseg_assets.storage.fencing import SupersededError
from bankseg_assets_tests.release.test_releases import DATA, MODEL, Bank, manifest

ANN, REVIEWER = Actor("ann", "proxy"), Actor("rita", "login")


@pytest.fixture
def bank(tmp_path: Path) -> Bank:
    """A platform with a release."""
    found = Bank(tmp_path / "published")
    found.release("first")
    return found


def fitted(bank: Bank, text: str = "new", *, made_by: Actor = ANN) -> Candidate:
    """Make a candidate with a new table and model."""
    bank.runs += 1
    table = bank.make(DATA, text)
    versions = {DATA: table, MODEL: bank.make(MODEL, text, **{DATA: table})}
    document = manifest(versions) | {"run_id": f"run-{bank.runs}"}
    submit(bank.store, Manifest.model_validate(document), made_by, in_use(bank))
    found = pending(bank.store.folder)
    assert found is not None
    return found


def in_use(bank: Bank) -> Release:
    found = current_release(bank.store.folder)
    assert found is not None
    return found


def test_candidate_is_not_served_until_approved(bank: Bank) -> None:
    before, found = in_use(bank), fitted(bank)
    assert in_use(bank) == before
    assert found.compared_with == before.name
    released = approve(bank.store, REVIEWER, " It is better. ")
    assert in_use(bank) == released
    assert bank.texts(released) == {"new"}
    assert bank.texts(found.release) == {"new"}
    assert released.number == before.number + 1
    assert released.approval is not None
    assert (released.approval.by, released.approval.made_by) == ("rita", "ann")
    assert released.approval.reason == "It is better."
    assert pending(bank.store.folder) is None


def test_declined_candidate_is_never_served(bank: Bank) -> None:
    before, found = in_use(bank), fitted(bank)
    decline(bank.store, REVIEWER, "The segments are too small.")
    assert in_use(bank) == before
    assert pending(bank.store.folder) is None
    (decision,) = decisions(bank.store.folder)
    assert (decision.candidate, decision.is_approved) == (found.name, False)
    with pytest.raises(ApprovalError, match="No candidate awaits"):
        approve(bank.store, REVIEWER, "After all.")


@pytest.mark.parametrize("decide", [approve, decline])
def test_maker_may_not_decide(bank: Bank, decide: Callable[..., object]) -> None:
    before = in_use(bank)
    fitted(bank)
    with pytest.raises(ApprovalError, match="someone else must decide"):
        decide(bank.store, Actor("ann", "login"), "It is mine.")
    assert in_use(bank) == before
    assert pending(bank.store.folder) is not None


def test_automatic_run_has_no_maker_who_is_excluded(bank: Bank) -> None:
    fitted(bank, made_by=Actor("refit_sensor", AUTOMATIC))
    approve(bank.store, Actor("refit_sensor"), "Named like the sensor.")


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501])
def test_decision_needs_a_reason(bank: Bank, reason: str) -> None:
    fitted(bank)
    with pytest.raises(ApprovalError, match="Give a reason of 1 to 500 characters"):
        approve(bank.store, REVIEWER, reason)


def test_newer_candidate_replaces_the_reviewed_one(bank: Bank) -> None:
    first = fitted(bank, "one")
    second = fitted(bank, "two")
    with pytest.raises(ApprovalError, match="is not the one that awaits a decision"):
        approve(bank.store, REVIEWER, "Reviewed.", first.name)
    assert bank.texts(approve(bank.store, REVIEWER, "Reviewed.", second.name)) == {"two"}


def test_decisions_are_in_the_audit_log(bank: Bank) -> None:
    fitted(bank, "one")
    decline(bank.store, REVIEWER, "Too small.")
    found = fitted(bank, "two")
    approve(bank.store, REVIEWER, "Good.")
    entries = list(AuditLog(bank.store.folder.parent / "audit").entries())
    assert [(one["what"], one["who"], one["why"]) for one in entries] == [
        ("decline", "rita", "Too small."),
        ("approve", "rita", "Good."),
    ]
    assert entries[1]["on"] == found.name
    assert entries[1]["details"] == {"made by": "ann"}


def test_versions_of_a_candidate_are_kept_until_decided(bank: Bank) -> None:
    found = fitted(bank)
    for number in range(4):
        bank.release(f"refresh {number}")
    assert bank.texts(found.release) == {"new"}
    decline(bank.store, REVIEWER, "Too old.")
    prune(bank.store, [DATA, MODEL])
    assert not found.release.path(DATA).exists()


def test_approval_outlives_the_releases_that_have_it(bank: Bank) -> None:
    fitted(bank)
    approve(bank.store, REVIEWER, "Good.")
    for number in range(4):
        bank.release(f"refresh {number}")
    assert all(one.approval is None for one in all_releases(bank.store.folder))
    assert pending(bank.store.folder) is None


def test_rollback_returns_to_an_approved_model(bank: Bank) -> None:
    fitted(bank)
    approve(bank.store, REVIEWER, "Good.")
    assert bank.texts(roll_back(bank.store)) == {"first"}
    assert pending(bank.store.folder) is None


def test_candidate_with_removed_versions_is_not_released(bank: Bank) -> None:
    found = fitted(bank)
    found.release.path(DATA).rename(bank.store.folder / "elsewhere")
    with pytest.raises(ApprovalError, match="rfm_table was removed"):
        approve(bank.store, REVIEWER, "Good.")


def test_damaged_candidate_is_not_released(bank: Bank) -> None:
    found = fitted(bank)
    path = bank.store.folder / CANDIDATE / found.name / "model.json"
    path.write_text(path.read_text().replace("0.9", "0.8"), encoding="utf-8")
    with pytest.raises(ApprovalError, match="damaged"):
        approve(bank.store, REVIEWER, "Good.")
    assert awaiting(bank.store.folder) is None


def test_damaged_decisions_stop_decisions(bank: Bank) -> None:
    fitted(bank)
    (bank.store.folder / DECISIONS_FILE).write_text("{", encoding="utf-8")
    with pytest.raises(ApprovalError, match="cannot be read"):
        approve(bank.store, REVIEWER, "Good.")


def test_approval_supersedes_a_run_in_progress(bank: Bank) -> None:
    fitted(bank)
    with pytest.raises(SupersededError), bank.store.draft(DATA, "late run"):
        approve(bank.store, REVIEWER, "Good.")
    assert bank.texts(in_use(bank)) == {"new"}


def killed_at(function: str, action: Callable[[], object]) -> None:
    """Run an action in a process that is killed when it calls a function of `candidates`."""
    child = os.fork()
    if child == 0:
        setattr(candidates, function, lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
        action()
        os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL


@pytest.mark.subprocess
@pytest.mark.parametrize("function", ["write_document", "_record", "replace_json", "note"])
def test_killed_approval_was_done_or_not(bank: Bank, function: str) -> None:
    before = in_use(bank)
    fitted(bank)
    killed_at(function, lambda: approve(bank.store, REVIEWER, "Good."))
    is_done = pending(bank.store.folder) is None
    assert (in_use(bank) != before) is is_done
    assert is_done is (function != "write_document")
    if not is_done:
        approve(bank.store, REVIEWER, "Good.")
    assert bank.texts(in_use(bank)) == {"new"}
    assert len(all_releases(bank.store.folder)) == 2


@pytest.mark.subprocess
@pytest.mark.parametrize("function", ["replace_json", "note"])
def test_killed_decline_was_done_or_not(bank: Bank, function: str) -> None:
    before = in_use(bank)
    fitted(bank)
    killed_at(function, lambda: decline(bank.store, REVIEWER, "Bad."))
    assert (pending(bank.store.folder) is None) is (function == "note")
    assert in_use(bank) == before


def release_of(*, is_demo: bool, fit: str) -> dict[str, Any]:
    return manifest({}) | {
        "is_demo": is_demo,
        "model": ModelFit(version=fit, fitted_at="").model_dump(),
    }


@pytest.mark.parametrize(
    ("before", "now", "needed"),
    [
        (None, {"is_demo": False, "fit": "a"}, True),
        (None, {"is_demo": True, "fit": "a"}, False),
        ({"is_demo": True, "fit": "a"}, {"is_demo": False, "fit": "a"}, True),
        ({"is_demo": False, "fit": "a"}, {"is_demo": False, "fit": "a"}, False),
        ({"is_demo": False, "fit": "a"}, {"is_demo": False, "fit": "b"}, True),
    ],
)
def test_new_model_of_the_bank_needs_approval(
    tmp_path: Path, before: dict[str, Any] | None, now: dict[str, Any], needed: bool
) -> None:
    of_folder = {"name": "1", "folder": tmp_path}
    released = Release.model_validate(release_of(**before) | of_folder) if before else None
    assert needs_approval(released, Manifest.model_validate(release_of(**now))) is needed
