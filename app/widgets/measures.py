"""Labels and formats of a customer's measures."""

from app.widgets.numbers import Numbers
from bankseg_assets.contracts.tables import RFM_TABLE

CURRENCY_UNIT = "currency"

INCOME = "income"

_LABELS = {
    "recency": "Days since the last transaction",
    "frequency": "Number of transactions",
    "monetary": "Sum of the amounts",
    "average_amount": "Average amount",
    "average_balance": "Average account balance",
    INCOME: "Income",
    "age": "Age",
}
_LABELS_OF_SPENDING = {
    "recency": "Days since the last spending transaction",
    "frequency": "Number of spending transactions",
    "monetary": "Sum of the spending",
    "average_amount": "Average amount spent",
}
_UNITS = {column.name: column.unit for column in RFM_TABLE.columns}


def label(measure: str, *, direction_known: bool = False) -> str:
    """Return a short label; of spending if the direction of amounts is known."""
    if direction_known and measure in _LABELS_OF_SPENDING:
        return _LABELS_OF_SPENDING[measure]
    return _LABELS.get(measure, measure.replace("_", " ").capitalize())


def money_name(direction_known: bool) -> str:
    """Return the name of the sum of amounts: of spending if the direction is known."""
    return "Spending" if direction_known else "Money"


def is_money(measure: str) -> bool:
    """Return whether the measure is an amount of money."""
    return _UNITS.get(measure) == CURRENCY_UNIT


def written(measure: str, value: float, numbers: Numbers) -> str:
    """Return a value of the measure with its unit."""
    if is_money(measure):
        return numbers.money(value)
    unit = _UNITS.get(measure, "")
    return numbers.number(value) if says(label(measure), unit) else numbers.quantity(value, unit)


def says(label: str, unit: str) -> bool:
    """Return whether a label contains the unit, as "Number of transactions" does."""
    return unit.lower() in label.lower()
