"""Tests of what may be said about the cause of a failure outside this machine."""

import pytest
from dagster_shared.error import SerializableErrorInfo

from bankseg_assets.defs.run_failure import shareable

CUSTOMER = "C5841053"
SPARK = "pyspark.errors.exceptions.captured.NumberFormatException"


def error(message: str, name: str) -> SerializableErrorInfo:
    return SerializableErrorInfo(message, [], name)


@pytest.mark.parametrize(
    ("message", "name", "expected"),
    [
        (
            "OSError: [Errno 28] No space left on device: '/data'\n",
            "OSError",
            "OSError: [Errno 28] ",
        ),
        ("PermissionError: [Errno 13] x", "PermissionError", "PermissionError: [Errno 13] x"),
        ("MemoryError\n", "MemoryError", "MemoryError"),
        (
            "bankseg_assets.landing.intake.NothingDeliveredError: No transaction file: a.csv\n",
            "NothingDeliveredError",
            "No transaction file: a.csv",
        ),
        (
            f"{SPARK}: [CAST_INVALID_INPUT] The value '{CUSTOMER}' of the type \"STRING\"\n",
            "NumberFormatException",
            "NumberFormatException [CAST_INVALID_INPUT]",
        ),
        (
            f"ValueError: could not convert string to float: '{CUSTOMER}'\n",
            "ValueError",
            "ValueError",
        ),
        (
            f"pyarrow.lib.ArrowInvalid: CSV parse error: Expected 9 columns, got 1: {CUSTOMER},x",
            "ArrowInvalid",
            "ArrowInvalid",
        ),
        (f"KeyError: '{CUSTOMER}'", "KeyError", "KeyError"),
    ],
)
def test_error_of_a_library_is_given_without_its_message(
    message: str, name: str, expected: str
) -> None:
    found = shareable(error(message, name))
    assert found.startswith(expected)
    assert CUSTOMER not in found
