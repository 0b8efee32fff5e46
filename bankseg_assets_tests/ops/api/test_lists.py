"""Lists over HTTP: the file is the body, the answer is CSV."""

import csv
import io

import pandas as pd
import pytest

from bankseg_assets_tests.ops.api.serving import Client


def test_list_is_scored_in_the_notation_detected(client: Client) -> None:
    content = "Kunden-Nr;frequency;monetary\nK1;1;1.300,50\nK2;x;3\n".encode("cp1252")
    answer = client.post_bytes("/score/list", content, "text/csv")
    assert answer.status == 200
    text = answer.text.removeprefix("\ufeff")
    first, second = csv.DictReader(io.StringIO(text, newline=""), delimiter=";")
    assert (first["segment"], first["monetary"], first["error"]) == ("0", "1.300,50", "")
    assert second["error"].startswith("Row 3:")


@pytest.mark.parametrize(
    ("content", "query", "message"),
    [
        (b"%PDF-1.7\n", "", "The list is a PDF document"),
        (b"", "", "The list is empty"),
        (b"id,Anzahl,monetary\nC1,1,3\n", "", "add column=frequency=Anzahl"),
        (b"frequency,frequency\n1,3\n", "", "occurs 2 times"),
        (b"frequency,monetary\n1,3\n", "?encoding=latin-99", "'latin-99' is unknown"),
        (b"frequency,monetary\n1,3\n", "?delimiter=%3B%3B", "delimiter"),
        (b"frequency,monetary\n1,3\n", "?decimal=x", "decimal"),
    ],
)
def test_unreadable_list_is_refused(
    client: Client, content: bytes, query: str, message: str
) -> None:
    answer = client.post_bytes(f"/score/list{query}", content, "text/csv")
    assert answer.status == 422, answer.text
    assert message in answer.detail


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_only_declared_files_are_read(client: Client, kind: str) -> None:
    """A form of another site can send these types without asking first."""
    answer = client.post_bytes("/score/list", b"frequency,monetary\n1,3\n", kind)
    assert answer.status == 422
    assert answer.detail.startswith("Expected a file, sent as text/csv or")


def test_settings_replace_what_is_detected(client: Client) -> None:
    content = b"id,Anzahl,monetary\nC1,1,3\n"
    answer = client.post_bytes("/score/list?column=frequency=Anzahl", content, "text/csv")
    assert answer.status == 200
    assert "C1,1,3," in answer.text


def test_answer_may_be_a_workbook(client: Client) -> None:
    content = b"customer_id,frequency,monetary\nC1,1,300\n"
    answer = client.post_for_bytes("/score/list?answer=xlsx", content, "text/csv")
    assert answer.startswith(b"PK")
    (row,) = pd.read_excel(io.BytesIO(answer), engine="calamine").to_dict("records")
    assert (row["customer_id"], row["monetary"], row["segment"]) == ("C1", 300, 0)
    refused = client.post_bytes("/score/list?answer=pdf", content, "text/csv")
    assert (refused.status, refused.detail) == (
        422,
        "Expected a list as the body, and answer=csv or answer=xlsx, if any.",
    )
