"""The first rows of a list as they are understood."""

from collections.abc import Mapping
from dataclasses import dataclass

from bankseg_assets.contracts.currencies import decimals
from bankseg_assets.presentation.formatting import PLAIN, number, quantity
from bankseg_assets.scoring.documents import NumberInput
from bankseg_assets.scoring.inputs import Input, asked_of
from bankseg_assets.scoring.lists.plan import ListPlan
from bankseg_assets.scoring.lists.reading import open_list
from bankseg_assets.scoring.lists.score_table import Scorer

MOST_ROWS = 5
UNKNOWN = "unknown"
WRONG = "not understood"


@dataclass(frozen=True)
class Preview:
    """Rows as written and as understood, as texts."""

    written: list[dict[str, str]]
    """Column -> text."""
    understood: list[dict[str, str]]
    """Row number, ID and the inputs' labels -> text."""


def preview(plan: ListPlan, scorer: Scorer, identity: str = "", style: str = PLAIN) -> Preview:
    """Return the first rows of a list; `identity`: the column of IDs. Raises ListError."""
    with open_list(plan.path, plan.dialect, plan.name) as customers:
        chunk = next(customers.chunks)
    table = chunk.table.slice(0, MOST_ROWS)
    cells = table.to_pylist()
    known, problems = scorer.read(table)
    fields = {one.measure: one for one in asked_of(scorer.bundle) if one.measure in scorer.columns}
    money = scorer.bundle.currency
    understood = []
    for place, row in enumerate(cells):
        shown = {"Row": str(chunk.numbers[place])}
        if identity:
            shown["Customer ID"] = _written(row[identity])
        for measure, field in fields.items():
            is_wrong = place in chunk.broken or measure in problems.get(place, ())
            value = known[measure][place]
            text = _understood(field, value, money, style)
            shown[field.label] = WRONG if is_wrong else text
        understood.append(shown)
    return Preview([_all_written(row) for row in cells], understood)


def _all_written(row: Mapping[str, object]) -> dict[str, str]:
    return {name: _written(value) for name, value in row.items()}


def _written(value: object) -> str:
    return "" if value is None else str(value)


def _understood(field: Input, value: object, currency: str, style: str) -> str:
    if value is None or value != value:  # noqa: PLR0124 - NaN
        return UNKNOWN
    if not isinstance(field, NumberInput) or not isinstance(value, float):
        return str(value)
    if field.unit == currency:
        return f"{currency} {number(value, style, max(decimals(currency), 2))}"
    return quantity(value, field.unit, style)
