"""The audiences of campaigns: RFM groups, segments and cells of the RFM grid, with their totals.

Every number of a group or segment is counted here, from the customers of the release, so that
pages, lists, API and command line agree.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final, Literal

import pyarrow as pa
import pyarrow.dataset as ds

from bankseg_assets.campaigns.group_actions import GROUP_ACTIONS
from bankseg_assets.presentation.disclosure import SMALLEST_CELL, hidden_cells
from bankseg_assets.release.releases import Release
from bankseg_assets.scoring.lists.errors import ListError
from bankseg_assets.storage.version_store import DamagedVersionError

CUSTOMERS = "customer_segments"
# A tenth of the memory of texts: a few names are repeated for all customers.
_FORMAT = ds.ParquetFileFormat(dictionary_columns={"rfm_group", "segment_name"})
GROUP: Final = "group"
SEGMENT: Final = "segment"
CELL: Final = "cell"
SELECTION: Final = "selection"


@dataclass(frozen=True)
class Audience:
    """The customers that a list can be made of.

    `segment`: the number of a segment. `scores`: of recency and frequency, of a cell. `action`:
    what to do with them; empty for a cell, whose customers are in several groups.
    """

    kind: Literal["group", "segment", "cell", "selection"]
    name: str
    action: str = ""
    segment: int = -1
    scores: tuple[int, int] = (0, 0)
    recorded_name: str = ""
    """The name in the release, of a segment that the bank has renamed."""

    @property
    def members(self) -> ds.Expression:
        """The filter on customer_segments."""
        if self.kind == GROUP:
            return ds.field("rfm_group") == self.name
        if self.kind == SEGMENT:
            return ds.field("segment") == self.segment
        recency, frequency = self.scores
        return (ds.field("recency_score") == recency) & (ds.field("frequency_score") == frequency)

    @property
    def purpose(self) -> str:
        """The kind of campaign, in file names."""
        known = GROUP_ACTIONS.get(self.name) if self.kind == GROUP else None
        return known.purpose if known else self.kind

    @property
    def campaign(self) -> str:
        """The campaign's name if a user gives none: the same in every release.

        A new name of the segment must not draw another control group.
        """
        return f"{self.purpose} {self.recorded_name or self.name}".lower()


@dataclass(frozen=True)
class Selection(Audience):
    """Customers that any filter on customer_segments selects."""

    condition: ds.Expression | None = field(default=None, compare=False)
    """None: all customers."""

    @property
    def members(self) -> ds.Expression:
        """The filter on customer_segments."""
        return ds.scalar(True) if self.condition is None else self.condition


@dataclass(frozen=True)
class Total:
    """An audience with its customers and money; both None if they must not be shown."""

    audience: Audience
    customers: int | None
    money: Decimal | None


def cell(recency: int, frequency: int) -> Audience:
    """Return the audience of a cell of the RFM grid."""
    return Audience(CELL, f"r{recency} f{frequency}", scores=(recency, frequency))


def totals(
    release: Release,
    actions: Mapping[int, str],
    names: Mapping[int, str] = MappingProxyType({}),
) -> list[Total]:
    """Return groups, then segments, each by descending money; empty ones are left out.

    `actions`: segment -> recommended action. `names`: segment -> the name to show, where it is not
    that of the release's table. A count below 11 is hidden, with a second one of its
    kind, because the number of all customers would reveal it. Raises ListError.
    """
    if CUSTOMERS not in release.versions:
        return []
    groups, segments = _counted(release)
    found = [
        (Audience(GROUP, name, _action_of(name)), count, money) for name, count, money in groups
    ]
    of_segments = [
        (
            _segment(number, str(name), names.get(number, str(name)), actions.get(number, "")),
            count,
            money,
        )
        for number, name, count, money in segments
    ]
    return _shown(found) + _shown(of_segments)


def choose(found: Sequence[Total], name: str) -> Total:
    """Return the group or segment of a name, in any case. Raises ListError.

    A segment that the bank has renamed is also found by its name in the release.
    """
    wanted = name.strip().casefold()
    for total in found:
        if total.audience.name.casefold() == wanted:
            return total
    for total in found:
        if total.audience.recorded_name.casefold() == wanted != "":
            return total
    names = ", ".join(total.audience.name for total in found) or "none"
    raise ListError(f"There is no group or segment of this name; expected one of: {names}.")


def require_shown(total: Total) -> None:
    """Raise ListError for an audience that is too small to be listed."""
    if total.customers is None:
        raise ListError(
            f"{total.audience.name} cannot be listed: it has fewer than {SMALLEST_CELL} customers, "
            "or would reveal the size of one that has. Choose a larger group or segment."
        )


def slug(name: str) -> str:
    """Return a name for file names: lower case, words joined by hyphens, in any alphabet.

    >>> slug("At risk"), slug("Big, rare spenders"), slug("??")
    ('at-risk', 'big-rare-spenders', 'list')
    """
    text = unicodedata.normalize("NFKC", name).lower()
    return re.sub(r"[\W_]+", "-", text).strip("-")[:60] or "list"


def customers_of(release: Release) -> ds.Dataset:
    """Return the customers of a release, as a dataset that reads only what is asked for.

    Raises ListError if they cannot be read.
    """
    return table_of(release, CUSTOMERS)


def table_of(release: Release, asset: str) -> ds.Dataset:
    """Return a published table as a dataset. Raises ListError if it cannot be read."""
    try:
        return ds.dataset(release.parquet_files(asset), format=_FORMAT)
    except (DamagedVersionError, OSError, pa.ArrowException) as error:
        raise ListError(
            f"The {asset} of the release {release.name} cannot be read. Materialize again, or "
            "go back with `bankseg rollback`."
        ) from error


def _action_of(group: str) -> str:
    known = GROUP_ACTIONS.get(group)
    return known.action if known else ""


def _segment(number: int, recorded: str, name: str, action: str) -> Audience:
    renamed_from = recorded if name != recorded else ""
    return Audience(SEGMENT, name, action, number, recorded_name=renamed_from)


def _counted(release: Release) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """Return (name, customers, money) of groups, and (number, name, ...) of segments."""
    keys = ["rfm_group", "segment", "segment_name"]
    table = customers_of(release).to_table([*keys, "monetary"]).unify_dictionaries()
    money = table["monetary"].type
    if pa.types.is_decimal(money):  # the sum of many needs more digits than each has
        widest = pa.decimal128(38, money.scale)
        table = table.set_column(3, "monetary", table["monetary"].cast(widest))
    # A few hundred rows: both totals are sums of the same numbers.
    cells = table.group_by(keys).aggregate([("monetary", "sum"), ("monetary", "count")])
    groups = _rows(cells, ["rfm_group"])
    segments = _rows(cells, ["segment", "segment_name"])
    return groups, segments


def _rows(cells: pa.Table, keys: list[str]) -> list[tuple[Any, ...]]:
    sums = cells.group_by(keys).aggregate([("monetary_count", "sum"), ("monetary_sum", "sum")])
    columns = [*keys, "monetary_count_sum", "monetary_sum_sum"]
    rows = zip(*(sums[name].to_pylist() for name in columns), strict=True)
    return sorted(rows, key=lambda row: (-row[-1], row[0]))


def _shown(found: Sequence[tuple[Audience, int, Decimal]]) -> list[Total]:
    if not found:
        return []
    hidden = hidden_cells([[count for _, count, _ in found]], columns=False)[0]
    return [
        Total(audience, None, None) if is_hidden else Total(audience, count, money)
        for is_hidden, (audience, count, money) in zip(hidden, found, strict=True)
    ]
