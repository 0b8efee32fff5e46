"""Unit tests start no process, and tests with a slow fixture are not unit tests."""

import subprocess

import pytest

from bankseg_assets_tests.tiers import is_unit_test, mark_slow


def test_unit_test_that_starts_a_process_fails() -> None:
    with pytest.raises(pytest.fail.Exception, match=r"starts true: mark it pytest\.mark\.subproc"):
        subprocess.run(["true"], check=True)


def test_slow_fixture_makes_a_test_slow(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    item: pytest.Function = request.node
    assert is_unit_test(item)
    monkeypatch.setattr(item, "fixturenames", [*item.fixturenames, "batch"])
    mark_slow([item])
    assert not is_unit_test(item)
