"""The table that people read has the roles of the table that is used."""

from pathlib import Path

from bankseg_assets.access.roles import ALLOWED, Role

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "roles.md"


def test_documented_table_is_the_one_in_use() -> None:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    for action, roles in ALLOWED.items():
        cells = " | ".join("yes" if role in roles else "" for role in Role)
        row = f"| {action} | {cells} |".replace("|  ", "| ").replace("|  ", "| ")
        assert row in lines, row
