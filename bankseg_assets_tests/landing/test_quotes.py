"""Quotes that break the rules quarantine the record, or the file is refused."""

from pathlib import Path

import pytest

from bankseg_assets.landing.errors import DeliveryError
from bankseg_assets_tests.landing.test_parse import HEADER, line, lines, take

SOUND = line(1).replace("PUNE", '"NAVI, MUMBAI"')


@pytest.mark.parametrize(
    "broken",
    [
        line(2).replace("PUNE", 'PU"NE'),
        line(2).replace("PUNE", '"PU"NE'),
        line(2).replace("PUNE", '"PUNE'),
        line(2).replace("PUNE", 'PUNE"'),
        line(2).replace("PUNE", '"PUNE" '),
        line(2).replace("PUNE", '"""PUNE""'),
        line(2).replace("PUNE", '"PU""NE""'),
        line(2) + '"',
        line(2).removesuffix("25") + '"25',
        '"' + line(2),
        line(2).replace("PUNE", r'"PU\"NE"'),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_record_with_a_stray_quote_is_quarantined_whole(
    tmp_path: Path, broken: str, end: str
) -> None:
    content = lines(SOUND, broken, *map(line, range(3, 300)), SOUND).replace("\n", end)
    rows = take(tmp_path, "\n" + content)
    assert [row["row_number"] for row in rows] == list(range(2, 302))
    assert [row["malformed_text"] for row in rows if row["malformed_text"]] == [broken]
    assert rows[1]["malformed_text"] == broken
    assert rows[0]["location"] == rows[-1]["location"] == "NAVI, MUMBAI"


def test_stray_quotes_stand_beside_records_with_too_few_fields(tmp_path: Path) -> None:
    records = ["T1,C1", line(2) + '"', "", line(3), '"' + line(4), line(5), "T6"]
    rows = take(tmp_path, lines(*records))
    found = {row["row_number"]: row["malformed_text"] for row in rows}
    assert found == {2: "T1,C1", 3: line(2) + '"', 4: None, 5: '"' + line(4), 6: None, 7: "T6"}


@pytest.mark.parametrize(
    ("records", "message"),
    [
        ([line(1).replace("PUNE", '"PU\nNE"'), line(2).replace("PUNE", 'PU"NE')], "in line 2, so"),
        ([line(1) + ',"x', line(2), line(3) + '"'], "in line 2 or line 4, so"),
        ([line(1), 'T2,"C2'], "in line 3, so"),
    ],
    ids=["a value over two lines", "a value that swallows a record", "a record cut by a quote"],
)
def test_stray_quotes_among_multiline_records_are_refused(
    tmp_path: Path, records: list[str], message: str
) -> None:
    with pytest.raises(DeliveryError, match=f"has a misplaced or unclosed quote {message}"):
        take(tmp_path, lines(*records, line(8).replace("PUNE", 'PU"NE')))


def test_a_quote_that_swallows_many_records_is_refused(tmp_path: Path) -> None:
    swallowing = [line(1).replace("PUNE", '"PUNE'), *map(line, range(2, 150))]
    with pytest.raises(DeliveryError, match="in line 2 or line 151, so"):
        take(tmp_path, lines(*swallowing, line(150).replace("PUNE", 'PUNE"')))


def test_a_quoted_value_of_over_a_mebibyte_is_refused(tmp_path: Path) -> None:
    value = "\n".join(["x" * 100_000] * 11)
    with pytest.raises(DeliveryError, match="in line 2, so"):
        take(tmp_path, lines(line(1).replace("PUNE", f'"{value}"')))


def test_quotes_are_followed_over_blocks(tmp_path: Path) -> None:
    value = "\n".join(["x" * 9_000] * 90)
    records = [line(number).replace("PUNE", f'"{value}"') for number in range(2, 7)]
    rows = take(tmp_path, lines(*records))
    assert {row["location"] for row in rows} == {value}
    stray = take(tmp_path, lines(line(2) + '"', *[line(3).replace("PUNE", "y" * 9_000)] * 500))
    assert [row["row_number"] for row in stray if row["malformed_text"]] == [2]


def test_the_header_counts_as_a_line_with_quotes(tmp_path: Path) -> None:
    content = lines(line(1) + '"').replace(HEADER, '"' + HEADER.replace(",", '","') + '"')
    (row,) = take(tmp_path, content)
    assert row["malformed_text"] == line(1) + '"'
