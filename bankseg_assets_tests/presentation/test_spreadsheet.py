"""Tests of the XLSX writer."""

from io import BytesIO
from xml.etree import ElementTree
from zipfile import ZipFile

import pytest

from bankseg_assets.presentation.spreadsheet import Cell, column_letters, write_xlsx

ROWS: list[list[Cell]] = [["Name", "Sum <&>"], ['Ä "x" ', 12.5], ["", -3]]


def written(**sheets: list[list[Cell]]) -> bytes:
    file = BytesIO()
    write_xlsx(file, sheets)
    return file.getvalue()


def test_xlsx_parts_are_xml_with_content_types() -> None:
    with ZipFile(BytesIO(written(Notes=[["n"]], Orders=ROWS))) as archive:
        assert archive.testzip() is None
        types = archive.read("[Content_Types].xml").decode()
        for name in archive.namelist():
            ElementTree.fromstring(archive.read(name))
            assert name.endswith(".rels") or name.startswith("[") or f'"/{name}"' in types


def test_xlsx_cells_have_references() -> None:
    with ZipFile(BytesIO(written(Orders=ROWS))) as archive:
        content = ElementTree.fromstring(archive.read("xl/worksheets/sheet1.xml"))
    cells = [element for element in content.iter() if element.tag.endswith("}c")]
    assert [(cell.attrib["r"], "".join(cell.itertext())) for cell in cells] == [
        ("A1", "Name"),
        ("B1", "Sum <&>"),
        ("A2", 'Ä "x" '),
        ("B2", "12.5"),
        ("B3", "-3"),
    ]
    assert [cell.attrib.get("t") for cell in cells[-2:]] == [None, None]


def test_xlsx_is_deterministic() -> None:
    assert written(Orders=ROWS) == written(Orders=ROWS)


def test_calamine_reads_what_was_written() -> None:
    calamine = pytest.importorskip("python_calamine")
    book = calamine.CalamineWorkbook.from_filelike(BytesIO(written(Notes=[["n"]], Orders=ROWS)))
    assert book.sheet_names == ["Notes", "Orders"]
    assert book.get_sheet_by_name("Orders").to_python() == [
        ["Name", "Sum <&>"],
        ['Ä "x" ', 12.5],
        ["", -3.0],
    ]


def test_column_letters_follow_z() -> None:
    assert [column_letters(number) for number in (0, 25, 26, 51, 52, 701, 702)] == [
        *("A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"),
    ]
