"""Match the columns of a list to the inputs of the model, by name and without guessing."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bankseg_assets.landing.header import OTHER_DELIMITERS, quoted_names
from bankseg_assets.scoring.inputs import Input, no_input
from bankseg_assets.scoring.lists.errors import ListError

# The unrelated `currency` and `frequency` have a similarity of 0.71.
ALIKE = 0.75


@dataclass(frozen=True)
class ColumnMatching:
    """The columns of the inputs.

    `columns`: input -> its column. `unknown`: the inputs that the list lacks. `alike`: unknown
    input -> a column with a similar name, for the user to confirm.
    """

    columns: dict[str, str]
    unknown: tuple[str, ...] = ()
    alike: dict[str, str] = field(default_factory=dict)


def match_columns(
    names: Sequence[str], inputs: Sequence[Input], given: Mapping[str, str] | None = None
) -> ColumnMatching:
    """Match each input to a column of the list.

    In this order: by `given` (input -> column, empty for none), by the exact name, by the name or
    label ignoring case, blanks and the unit.

    Raises ListError when two columns match one input, when a given one is missing, or when nothing
    matches.
    """
    given = given or {}
    wanted = {entry.measure: entry for entry in inputs}
    for name in given:
        if name not in wanted:
            raise ListError(no_input(name, wanted))
    columns = {}
    for measure, entry in wanted.items():
        column = _given(given[measure], names) if measure in given else _found(entry, names)
        if column:
            columns[measure] = column
    shared = sorted({name for name in columns.values() if list(columns.values()).count(name) > 1})
    if shared:
        raise ListError(
            f"The column {quoted_names(shared)} is given for two inputs. Use one column per input."
        )
    unknown = tuple(measure for measure in wanted if measure not in columns)
    spare = [name for name in names if name not in columns.values()]
    asked = {measure: _alike(wanted[measure], spare) for measure in unknown if measure not in given}
    alike = {measure: name for measure, name in asked.items() if name}
    if not columns:
        raise ListError(_nothing(names, inputs, alike))
    return ColumnMatching(columns, unknown, alike)


def find_column(name: str, names: Sequence[str]) -> str:
    """Return the column of this name, ignoring case and blanks; empty if there is none.

    Raises ListError when several match.
    """
    if name in names:
        return name
    fitting = [candidate for candidate in names if plain(candidate) == plain(name)]
    if len(fitting) > 1:
        raise ListError(
            f"The columns {quoted_names(fitting)} are all called {name}. Rename all but one."
        )
    return fitting[0] if fitting else ""


def plain(name: str) -> str:
    """Normalize a name for comparison: letters and digits, in one case."""
    return "".join(character for character in name.casefold() if character.isalnum())


def _given(column: str, names: Sequence[str]) -> str:
    if column and column not in names:
        raise ListError(
            f"There is no column {quoted_names([column])}. There are: {quoted_names(names)}."
        )
    return column


def _found(entry: Input, names: Sequence[str]) -> str:
    if entry.measure in names:
        return entry.measure
    called = _called(entry)
    fitting = [name for name in names if plain(name) in called]
    if len(fitting) > 1:
        raise ListError(
            f"The columns {quoted_names(fitting)} could all be {entry.measure}. "
            f"Choose one, as in {entry.measure}={fitting[0]}."
        )
    return fitting[0] if fitting else ""


def _called(entry: Input) -> list[str]:
    label = entry.label
    return [plain(name) for name in (entry.measure, label, f"{label} ({entry.unit})")]


def _alike(entry: Input, names: Sequence[str]) -> str:
    plain_names = {plain(name): name for name in names}
    for called in _called(entry):
        close = difflib.get_close_matches(called, plain_names, n=1, cutoff=ALIKE)
        if close:
            return plain_names[close[0]]
    return ""


def _nothing(names: Sequence[str], inputs: Sequence[Input], alike: Mapping[str, str]) -> str:
    expected = ", ".join(f"{entry.measure} ({entry.label})" for entry in inputs)
    hints = [f"is {quoted_names([name])} {measure}?" for measure, name in alike.items()]
    hint = f" {'; '.join(hints).capitalize()}" if hints else ""
    others = [mark for mark in OTHER_DELIMITERS if len(names) == 1 and mark in names[0]]
    if others:
        return f"The header seems to be separated by {others[0]!r}. Set that, or correct the list."
    return (
        f"No column is an input of the model. Expected one or more of: {expected}. "
        f"Found: {quoted_names(names)}.{hint} Rename the columns, or assign them to inputs."
    )
