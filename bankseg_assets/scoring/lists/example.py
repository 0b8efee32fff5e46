"""An invented list, made from a release's input ranges alone: no customer is in it."""

import csv
import io
from collections.abc import Sequence

import numpy as np

from bankseg_assets.presentation.formatting import three_digits
from bankseg_assets.scoring.bundle import Bundle
from bankseg_assets.scoring.documents import NumberInput
from bankseg_assets.scoring.inputs import Input, asked_of, is_count
from bankseg_assets.scoring.lists.reading import Dialect

ROWS = 30
EMPTY_ROWS = (4, 11, 18)
"""Rows without a value of the last measure."""
WRONG_ROW = 7
"""A row with a typing error, which shows how errors are corrected."""
_SPREAD = 1.2
_SEED = 16


def example_list(bundle: Bundle, dialect: Dialect) -> bytes:
    """Return an invented list as CSV in a bank's notation.

    Measures are log-normal around the default of the input form, within its limits. It has a row
    with an error and rows with a missing value.
    """
    random = np.random.default_rng(_SEED)
    fields = asked_of(bundle)
    columns = [_values(bundle, field, random, dialect.decimal) for field in fields]
    numbers = [place for place, one in enumerate(fields) if isinstance(one, NumberInput)]
    columns[numbers[0]][WRONG_ROW] = "three"
    if len(bundle.inputs) > 1:
        for row in EMPTY_ROWS:
            columns[len(bundle.inputs) - 1][row] = ""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=dialect.delimiter, lineterminator="\r\n")
    writer.writerow(["customer_id", *(field.measure for field in fields)])
    writer.writerows(zip(_ids(), *columns, strict=True))
    return text.getvalue().encode(dialect.codec, errors="replace")


def _ids() -> Sequence[str]:
    return [f"EXAMPLE{row:03d}" for row in range(1, ROWS + 1)]


def _values(bundle: Bundle, field: Input, random: np.random.Generator, decimal: str) -> list[str]:
    if not isinstance(field, NumberInput):
        values = bundle.evidence[field.measure].values
        return [values[place] for place in random.integers(len(values), size=ROWS)]
    centre = field.default or (field.minimum + field.maximum) / 4
    drawn = centre * np.exp(_SPREAD * random.standard_normal(ROWS))
    drawn = np.clip(drawn, field.minimum, field.maximum)
    if is_count(field) or field.step == 1:
        drawn = np.clip(np.round(drawn), np.ceil(field.minimum), np.floor(field.maximum))
    shown = (np.format_float_positional(three_digits(value), trim="-") for value in drawn)
    return [text.replace(".", decimal) for text in shown]
