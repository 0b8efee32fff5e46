"""Errors that users can repair are a sentence and an exit code; others are raised."""

import pytest

from ops.exit_codes import FAILED, REFUSED, report, reports


@reports(ValueError, LookupError)
def main(error: Exception | None = None) -> int:
    if error is not None:
        raise error
    return 7


@pytest.mark.parametrize("error", [ValueError("A wrong value."), LookupError("A wrong value.")])
def test_reports_prints_expected_errors(
    error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(error) == REFUSED
    assert capsys.readouterr().err == "bankseg: A wrong value.\n"


def test_reports_raises_other_errors() -> None:
    with pytest.raises(ZeroDivisionError):
        main(ZeroDivisionError())


def test_reports_returns_the_exit_code_of_main() -> None:
    assert main() == 7


def test_report_returns_the_given_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert report("It failed.", FAILED) == FAILED
    assert capsys.readouterr() == ("", "bankseg: It failed.\n")
