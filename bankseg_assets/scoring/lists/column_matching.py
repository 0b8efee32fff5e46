"""Match the columns of a list to the inputs of the model, by name and without guessing."""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bankseg_assets.landing.header import OTHER_DELIMITERS, quoted_names
from bankseg_assets.scoring.inputs import Input, no_input
from bankseg_assets.scoring.lists.errors import ListError
from bankseg_assets.scoring.lists.near_names import is_near

# The unrelated `currency` and `frequency` have a similarity of 0.71.
ALIKE = 0.75
_PLACE = re.compile(r" \(column [0-9]+\)$")
"""What `reading.unique` adds to names that occur more than once."""


@dataclass(frozen=True)
class ColumnMatching:
    """The columns of the inputs.

    `columns`: input -> its column. `unknown`: the inputs that the list lacks. `alike`: unknown
    input -> a column with a similar name or another name of the same, for the user to confirm.
    """

    columns: dict[str, str]
    unknown: tuple[str, ...] = ()
    alike: dict[str, str] = field(default_factory=dict)


def match_columns(
    names: Sequence[str], inputs: Sequence[Input], given: Mapping[str, str] | None = None
) -> ColumnMatching:
    """Match each input to a column of the list.

    In this order: by `given` (input -> column, empty for none), by the exact name, by the name or
    label ignoring case, blanks and the unit. Names that occur more than once fit like one of them.

    Raises ListError when two columns match one input, when a given one is missing, or when nothing
    matches.
    """
    matching, problems = propose_columns(names, inputs, given)
    if problems:
        raise ListError(problems[0])
    return matching


def propose_columns(
    names: Sequence[str], inputs: Sequence[Input], given: Mapping[str, str] | None = None
) -> tuple[ColumnMatching, list[str]]:
    """Return what `match_columns` does, with its errors as sentences instead of raising them."""
    given = given or {}
    wanted = {entry.measure: entry for entry in inputs}
    problems = [no_input(name, wanted) for name in given if name not in wanted]
    columns: dict[str, str] = {}
    for measure, entry in wanted.items():
        try:
            column = _given(given[measure], names) if measure in given else _found(entry, names)
        except ListError as error:
            problems.append(str(error))
        else:
            columns |= {measure: column} if column else {}
    shared = sorted({name for name in columns.values() if list(columns.values()).count(name) > 1})
    if shared:
        problems.append(
            f"The column {quoted_names(shared)} is given for two inputs. Use one column per input."
        )
    unknown = tuple(measure for measure in wanted if measure not in columns)
    spare = [name for name in names if name not in columns.values()]
    alike: dict[str, str] = {}
    for measure in unknown:
        left = [name for name in spare if name not in alike.values()]
        if measure not in given and (name := _alike(wanted[measure], left)):
            alike[measure] = name
    if not columns and not problems:
        problems.append(_nothing(names, inputs, alike))
    return ColumnMatching(columns, unknown, alike), problems


def find_column(name: str, names: Sequence[str]) -> str:
    """Return the column of this name, ignoring case and blanks; empty if there is none.

    Raises ListError when several match.
    """
    if name in names:
        return name
    fitting = [candidate for candidate in names if _plain_base(candidate) == plain(name)]
    if len(fitting) > 1:
        raise ListError(
            f"The columns {quoted_names(fitting)} are all called {name}. Rename all but one."
        )
    return fitting[0] if fitting else ""


def plain(name: str) -> str:
    """Normalize a name for comparison: letters and digits, in one case."""
    return "".join(character for character in name.casefold() if character.isalnum())


def is_called(name: str, entry: Input) -> bool:
    """Return whether a column has the name or label of an input, or another name of the same."""
    return _plain_base(name) in _called(entry) or is_near(name, entry.measure)


def _plain_base(name: str) -> str:
    return plain(_PLACE.sub("", name))


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
    fitting = [name for name in names if _plain_base(name) in called]
    if len(fitting) > 1 and len({_PLACE.sub("", name) for name in fitting}) == 1:
        raise ListError(
            f"The column {quoted_names([_PLACE.sub('', fitting[0])])} occurs {len(fitting)} times, "
            f"so it is unknown which one is {entry.measure}. Rename all but one, or choose one, as "
            f"in {entry.measure}={fitting[0]}."
        )
    if len(fitting) > 1:
        raise ListError(
            f"The columns {quoted_names(fitting)} could all be {entry.measure}. "
            f"Choose one, as in {entry.measure}={fitting[0]}."
        )
    return fitting[0] if fitting else ""


def _called(entry: Input) -> list[str]:
    names = (entry.measure, entry.label)
    return [plain(name + unit) for name in names for unit in ("", f" ({entry.unit})")]


def _alike(entry: Input, names: Sequence[str]) -> str:
    if near := [name for name in names if is_near(name, entry.measure)]:
        return near[0]
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
