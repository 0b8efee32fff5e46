"""One service that scores lists for the app, the command line and the API.

`make_plan` detects how a list is read and which column is which input; users may override each
setting. The plan is then previewed and scored.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.onboarding.header_words import roles_of
from bankseg_assets.privacy.objections import Objections, ObjectionsError, objections
from bankseg_assets.scoring.bundle import Bundle
from bankseg_assets.scoring.inputs import asked_of
from bankseg_assets.scoring.lists.column_matching import (
    ColumnMatching,
    find_column,
    propose_columns,
)
from bankseg_assets.scoring.lists.detection import Detection, Settings, contract_dialect, detect
from bankseg_assets.scoring.lists.errors import ListError
from bankseg_assets.scoring.lists.hold_out import HoldOut
from bankseg_assets.scoring.lists.reading import Dialect, open_list
from bankseg_assets.scoring.lists.score_table import Scorer

MOST_RANK = 1
"""Of names such as `Kundennummer`; an account or a user is not always one customer."""


@dataclass(frozen=True)
class ListPlan:
    """How a list will be scored."""

    path: Path
    name: str
    """For messages."""
    detection: Detection
    names: tuple[str, ...]
    matching: ColumnMatching
    problems: tuple[str, ...] = ()
    """Why the columns cannot all be matched, as sentences."""
    identity: str = ""
    """The column of customer IDs, if any."""

    @property
    def dialect(self) -> Dialect:
        """How the list is written."""
        return self.detection.dialect

    def scorer(
        self,
        bundle: Bundle,
        actions: Mapping[int, str],
        columns: Mapping[str, str],
        hold_out: HoldOut | None = None,
        published_dir: Path | None = None,
    ) -> Scorer:
        """Return the scorer of this list.

        `published_dir`: beside which the objections to marketing are. Raises ListError if these
        cannot be read.
        """
        try:
            objecting = objections(published_dir) if published_dir else Objections()
        except ObjectionsError as error:
            raise ListError(str(error)) from error
        identity = hold_out.id_column if hold_out else self.identity
        return Scorer(
            *(bundle, columns, hold_out, actions, self.dialect.decimal), objecting, identity
        )


def make_plan(
    path: Path, name: str, bundle: Bundle, contract: DeliveryContract, given: Settings
) -> ListPlan:
    """Detect how a list is read. `name`: for messages. Raises ListError."""
    inputs = asked_of(bundle)
    detection = detect(path, name, contract_dialect(contract), inputs, given)
    with open_list(path, detection.dialect, name) as customers:
        names = customers.names
    matching, problems = propose_columns(names, inputs, given.columns)
    identity = customer_id(names, contract)
    return ListPlan(path, name, detection, names, matching, tuple(problems), identity)


def customer_id(names: tuple[str, ...], contract: DeliveryContract) -> str:
    """Return the column of customer IDs, by its name here or in the contract; empty if none."""
    for wanted in ("customer_id", contract.header["customer_id"], "id"):
        try:
            if found := find_column(wanted, names):
                return found
        except ListError:
            return ""  # several: the user chooses
    ranks = {name: roles_of(name).get("customer_id", MOST_RANK + 1) for name in names}
    best = min(names, key=ranks.__getitem__, default="")
    return best if best and ranks[best] <= MOST_RANK else ""
