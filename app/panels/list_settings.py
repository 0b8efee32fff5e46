"""How a list is read: detected, shown with a preview, and changed by selectors."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd
import streamlit as st

from app.panels import lists
from app.widgets.numbers import Numbers
from app.widgets.tables import show_table
from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.landing.files import printable
from bankseg_assets.presentation.markdown import escaped
from bankseg_assets.scoring.bundle import Bundle
from bankseg_assets.scoring.inputs import asked_of
from bankseg_assets.scoring.lists.detection import DECIMALS, Settings, delimiter_name
from bankseg_assets.scoring.lists.file_kind import PARQUET, SHEET
from bankseg_assets.scoring.lists.hold_out import HoldOut, campaign_name
from bankseg_assets.scoring.lists.plan import ListPlan, make_plan
from bankseg_assets.scoring.lists.preview import Preview, preview

DELIMITERS = (",", ";", "\t", "|")
ENCODINGS = ("utf-8", "cp1252", "cp1250", "cp1251", "iso8859-15", "utf-16")
MOST_COLUMNS = 12
"""Of the rows as written; a wider table cannot be read."""


@dataclass(frozen=True)
class Chosen:
    """The settings of a list. `identity`: the column of IDs, if any."""

    plan: ListPlan
    columns: Mapping[str, str]
    """Input -> column."""
    identity: str
    campaign: str

    def hold_out(self) -> HoldOut | None:
        """Return the control group; none without a column of IDs."""
        return HoldOut(self.identity, self.campaign) if self.identity else None


def ask(
    kept: lists.KeptList, bundle: Bundle, contract: DeliveryContract, numbers: Numbers
) -> Chosen:
    """Draw selectors and preview; return what is chosen. Raises ListError."""
    given = _given(kept)
    plan = _plan(kept, bundle, contract, given)
    st.subheader("How the list is read", anchor=False)
    for note in plan.detection.notes:
        st.caption(escaped(note))
    _notation(kept, plan)
    columns = _columns(kept, bundle, plan)
    identity, campaign = _control_group(kept, plan)
    problems = plan.problems
    if columns != _guesses(plan, columns):
        # The decimal mark is detected by the columns of the inputs.
        plan = _plan(kept, bundle, contract, replace(given, columns=columns))
        problems = plan.problems or (problems if not all(columns.values()) else ())
    for problem in problems:
        st.warning(escaped(problem), icon=":material/warning:")
    chosen = Chosen(plan, {name: one for name, one in columns.items() if one}, identity, campaign)
    _preview(kept, bundle, chosen, numbers)
    return chosen


def _given(kept: lists.KeptList) -> Settings:
    """Return the settings of this list that the user has changed."""
    delimiter, decimal, encoding, sheet = (
        st.session_state.get(_key(kept, name)) or "" for name in _NOTATION
    )
    return Settings(delimiter, decimal, encoding, sheet)


_NOTATION = ("delimiter", "decimal", "encoding", "sheet")


def _key(kept: lists.KeptList, name: str) -> str:
    return f"list_{kept.token}_{name}"


def _plan(
    kept: lists.KeptList, bundle: Bundle, contract: DeliveryContract, given: Settings
) -> ListPlan:
    columns = tuple((given.columns or {}).items())
    key = (kept.token, bundle.sha256, *(getattr(given, name) for name in _NOTATION), columns)

    def make() -> ListPlan:
        with kept.as_file() as path:
            return make_plan(path, printable(kept.name), bundle, contract, given)

    return lists.once("plan with columns" if columns else "plan", key, make)


def _guesses(plan: ListPlan, measures: Iterable[str]) -> dict[str, str]:
    """Return input -> the column that its name suggests, or empty."""
    found = plan.matching.alike | plan.matching.columns
    return {measure: found.get(measure, "") for measure in measures}


def _notation(kept: lists.KeptList, plan: ListPlan) -> None:
    dialect, kind = plan.dialect, plan.detection.kind
    if kind == PARQUET:
        return
    with st.container(horizontal=True):
        if kind == SHEET:
            _select(kept, "sheet", "Sheet", plan.detection.sheets, dialect.sheet or "the first")
        else:
            _select(kept, "delimiter", "Delimiter", DELIMITERS, dialect.delimiter, delimiter_name)
        _select(kept, "decimal", "Decimal mark", DECIMALS, dialect.decimal, _decimal_name)
        if kind != SHEET:
            options = tuple(dict.fromkeys((*plan.detection.encodings, *ENCODINGS)))
            _select(kept, "encoding", "Encoding", options, dialect.encoding)


def _decimal_name(mark: str) -> str:
    return "1,234.5 (point)" if mark == "." else "1.234,5 (comma)"


def _select(
    kept: lists.KeptList,
    name: str,
    label: str,
    options: Sequence[str],
    found: str,
    shown: Callable[[str], str] = str,
) -> None:
    st.selectbox(
        label,
        ["", *options],
        format_func=lambda one: shown(one) if one else f"Detected: {shown(found)}",
        key=_key(kept, name),
        width=220,
        persist_state="session",
    )


def _columns(kept: lists.KeptList, bundle: Bundle, plan: ListPlan) -> dict[str, str]:
    """Draw a selector for each input, preselected by name; return input -> column or empty."""
    fields = asked_of(bundle)
    guesses = _guesses(plan, [field.measure for field in fields])
    found: dict[str, str] = {}
    names = hash(plan.names)  # another delimiter gives other columns
    with st.container(horizontal=True):
        for field in fields:
            measure = field.measure
            found[measure] = st.selectbox(
                field.label,
                ["", *plan.names],
                index=["", *plan.names].index(guesses[measure]),
                format_func=lambda name: name or "(not in my list)",
                key=_key(kept, f"{names}_{measure}"),
                width=250,
                persist_state="session",
            )
    return found


def _control_group(kept: lists.KeptList, plan: ListPlan) -> tuple[str, str]:
    names = ["", *plan.names]
    with st.container(horizontal=True):
        identity: str = st.selectbox(
            "Customer ID, to hold one in ten out of a campaign (optional)",
            names,
            index=names.index(plan.identity),
            format_func=lambda name: name or "(none)",
            key=_key(kept, f"{hash(plan.names)}_identity"),
            width=400,
            persist_state="session",
        )
        campaign: str = st.text_input(
            "Name of the campaign (optional)",
            key="list_campaign",
            help="Each name has its own control group: the same as on the command line.",
            width=250,
            persist_state="session",
        )
    return identity, campaign_name(campaign)


def _preview(kept: lists.KeptList, bundle: Bundle, chosen: Chosen, numbers: Numbers) -> None:
    if not chosen.columns:
        return

    def make() -> Preview:
        with kept.opened(chosen.plan) as plan:
            scorer = plan.scorer(bundle, {}, chosen.columns)
            return preview(plan, scorer, chosen.identity, numbers.style)

    columns = tuple(chosen.columns.items())
    key = (kept.token, bundle.sha256, chosen.plan.dialect, columns, chosen.identity)
    shown = lists.once("preview", key, make)
    st.markdown("The first rows, as they are understood:")
    show_table(pd.DataFrame(shown.understood), alt="The first rows as they are understood")
    with st.expander("The same rows as they are written"):
        frame = pd.DataFrame(shown.written)
        show_table(frame.iloc[:, :MOST_COLUMNS], alt="The first rows as they are written")
