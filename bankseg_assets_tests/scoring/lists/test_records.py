"""Broken quotes make their own row an error; the rows after it are read."""

import pytest

from bankseg_assets.scoring.lists.records import BROKEN_QUOTE, LONG_VALUE, records

HEADER = "id,name,n\n"


def read(text: str) -> list[tuple[str, str]]:
    """Return the first field and the problem of each record after the header."""
    lines = iter((HEADER + text).splitlines(keepends=True))
    return [(one.fields[0], one.problem) for one in records(lines, ",")][1:]


@pytest.mark.parametrize(
    ("rows", "broken"),
    [
        ('C1,a,1\nC2,"b,2\nC3,c,3\n', {"C2"}),  # not closed until the end
        ('C1,a,1\nC2,"b,2\nC3,"c",3\nC4,d,4\n', {"C2"}),  # closed by an opening one
        ('C1,a,1\nC2,"b,2\nC3,c,3\nC4,d",4\nC5,e,5\n', {"C2"}),  # closed two rows later
        ('C1,"a"b,1\nC2,"b" ,2\nC3,c,3\n', {"C1", "C2"}),  # text beside the quotes
        ('C1,a,1\nC2,b,"2', {"C2"}),
        ('C1,"a,1\nC2,"b,2\nC3,"c,3\n', {"C1", "C2", "C3"}),
    ],
)
def test_row_with_a_broken_quote_hides_no_other(rows: str, broken: set[str]) -> None:
    found = read(rows)
    assert [name for name, _ in found] == [f"C{place}" for place in range(1, len(found) + 1)]
    assert len(found) == len(rows.splitlines())
    assert {name for name, problem in found if problem == BROKEN_QUOTE} == broken
    assert {problem for _, problem in found} <= {"", BROKEN_QUOTE}


def test_value_of_several_lines_is_read() -> None:
    assert read('C1,"a\nb, c\n\nd",1\nC2,"x ""y""",2\n') == [("C1", ""), ("C2", "")]


def test_open_quote_reads_few_lines_ahead() -> None:
    """Every row has one: searching to the end from each would take hours."""
    found = read('C1,"a\n' * 20_000)
    assert {problem for _, problem in found} == {BROKEN_QUOTE}
    found = read('C1,"a\n' + "C2,b,1\n" * 1000)
    assert [problem for _, problem in found] == [BROKEN_QUOTE] + [""] * 1000


def test_value_that_is_too_long_is_named() -> None:
    found = read(f"C1,{'x' * 200_000},1\nC2,b,2\n")
    assert found == [("C1", LONG_VALUE), ("C2", "")]
