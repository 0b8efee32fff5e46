"""Customers who object to marketing are those of the newest complete file."""

import gzip
import os
import time
from pathlib import Path

import pytest

from bankseg_assets.privacy.objections import (
    OBJECTS,
    UNREADABLE,
    Objections,
    ObjectionsError,
    objection_notes,
    objections,
)


def deliver(folder: Path, name: str, content: str | bytes, age: float = 100) -> Path:
    path = folder / "objections" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    os.utime(path, (time.time() - age, time.time() - age))
    return path


def found(folder: Path) -> Objections:
    return objections(folder / "published")


@pytest.mark.parametrize(
    "content",
    [
        "customer_id\nC1\nC2\n",
        "\ufeffCustomer_ID\r\n C1 \r\nC2\r\n\r\n",
        "since;customer_id\n2027;C1\n2027;C2\n",
        '"customer_id"\n"C1"\n"C2"',
        gzip.compress(b"customer_id\nC1\nC2\n"),
    ],
    ids=["plain", "BOM and blanks", "another column", "quoted", "gzip"],
)
def test_file_names_those_who_object(tmp_path: Path, content: str | bytes) -> None:
    deliver(tmp_path, "a.csv", content)
    assert found(tmp_path).ids == {"C1", "C2"}
    assert found(tmp_path).among(["C1", "C3", " C2"]) == [True, False, True]


def test_float_ids_are_normalised(tmp_path: Path) -> None:
    deliver(tmp_path, "a.csv", "customer_id\n17850.0\n")
    assert "17850" in found(tmp_path)
    assert "17850.0" in found(tmp_path)
    assert None not in found(tmp_path)


def test_no_file_is_no_objection(tmp_path: Path) -> None:
    assert found(tmp_path) == Objections()
    assert "C1" not in found(tmp_path)


def test_newest_file_wins(tmp_path: Path) -> None:
    deliver(tmp_path, "b.csv", "customer_id\nC1\n", age=300)
    deliver(tmp_path, "a.csv", "customer_id\nC2\n", age=200)
    assert found(tmp_path).ids == {"C2"}
    deliver(tmp_path, "c.csv", "customer_id\n")
    assert found(tmp_path).ids == frozenset()


def test_file_that_is_being_written_waits(tmp_path: Path) -> None:
    """Half of a list would contact the other half."""
    deliver(tmp_path, "a.csv", "customer_id\nC1\n", age=300)
    path = deliver(tmp_path, "b.csv", "customer_id\nC2\n", age=1)
    deliver(tmp_path, ".hidden.csv", "customer_id\nC3\n")
    assert found(tmp_path).ids == {"C1"}
    path.with_name("b.csv.done").touch()
    assert found(tmp_path).ids == {"C2"}


def test_changed_file_is_read_again(tmp_path: Path) -> None:
    deliver(tmp_path, "a.csv", "customer_id\nC1\n", age=300)
    assert found(tmp_path).ids == {"C1"}
    deliver(tmp_path, "a.csv", "customer_id\nC2\n", age=200)
    assert found(tmp_path).ids == {"C2"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("client\nC1\n", "has no column 'customer_id' in its first line"),
        ("", "has no column 'customer_id'"),
        (b"customer_id\n\xff\xfe\n", "cannot be read as CSV in UTF-8"),
        (b"\x1f\x8b\x08broken", "cannot be read as CSV in UTF-8"),
    ],
)
def test_unreadable_file_is_an_error(tmp_path: Path, content: str | bytes, message: str) -> None:
    """An earlier file is not used: customers who have objected since would be contacted."""
    deliver(tmp_path, "a.csv", "customer_id\nC1\n", age=300)
    deliver(tmp_path, "b.csv", content)
    with pytest.raises(ObjectionsError, match=message):
        found(tmp_path)


def test_notes_say_why_nothing_is_recommended(tmp_path: Path) -> None:
    published = tmp_path / "published"
    assert objection_notes(published, ["C1", None]) == ["", ""]
    deliver(tmp_path, "a.csv", "customer_id\nC1\n17850\n")
    assert objection_notes(published, ["C1", "C2", None, 17850]) == [OBJECTS, "", "", OBJECTS]
    deliver(tmp_path, "b.csv", "other\nC1\n", age=50)
    assert objection_notes(published, ["C2", None, ""]) == [UNREADABLE, "", ""]
