"""An uploaded list of customers: kept for the session, read through the list service."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
import pyarrow as pa
import streamlit as st

from app.panels import list_errors
from bankseg_assets.contracts.delivery import ContractError, DeliveryContract, load_contract
from bankseg_assets.presentation.csv_export import to_csv
from bankseg_assets.runtime.scratch import temporary_folder
from bankseg_assets.runtime.settings import load_settings
from bankseg_assets.scoring.bundle import Bundle
from bankseg_assets.scoring.documents import NumberInput
from bankseg_assets.scoring.inputs import Input, asked_of
from bankseg_assets.scoring.lists.plan import ListPlan
from bankseg_assets.scoring.lists.reading import Dialect
from bankseg_assets.scoring.lists.scored_list import Correction
from bankseg_assets.scoring.lists.writing import csv_bytes

T = TypeVar("T")
_LIST, _STEPS, _CORRECTIONS = "list_kept", "list_steps", "list_corrections"
"""Keys of the session: the list; step -> its key and result; corrections of its rows."""


@dataclass(frozen=True)
class KeptList:
    """A list as it was uploaded. `token`: identifies its content."""

    name: str
    content: bytes
    token: str

    @contextmanager
    def as_file(self) -> Iterator[Path]:
        """Yield the list as a temporary file; its untrusted name is not used."""
        with temporary_folder() as folder:
            path = folder / "list"
            path.write_bytes(self.content)
            yield path

    @contextmanager
    def opened(self, plan: ListPlan) -> Iterator[ListPlan]:
        """Yield a plan whose file exists."""
        with self.as_file() as path:
            yield replace(plan, path=path)


def kept() -> KeptList | None:
    """Return the session's list; it outlives a change of page."""
    found: KeptList | None = st.session_state.get(_LIST)
    return found


def keep(name: str, content: bytes) -> None:
    """Keep a list in the session instead of any other."""
    forget()
    token = hashlib.sha256(content).hexdigest()[:12]
    st.session_state[_LIST] = KeptList(name, content, token)


def forget() -> None:
    """Remove the session's list with its results, which frees their memory."""
    for key in (_LIST, _STEPS, _CORRECTIONS):
        st.session_state.pop(key, None)


def corrections(kept: KeptList, dialect: Dialect) -> dict[int, Correction]:
    """Return row -> cells that were corrected by hand; none if other rows are read by now."""
    before = st.session_state.get(_CORRECTIONS)
    if before is None or before[0] != (kept.token, dialect):
        before = ((kept.token, dialect), {})
        st.session_state[_CORRECTIONS] = before
        list_errors.forget_edits()
    found: dict[int, Correction] = before[1]
    return found


def contract() -> DeliveryContract:
    """Return the contract in use, whose notation is the default; a faulty one is not used here."""
    path = load_settings().contract
    try:
        return _contract(path, path.stat().st_mtime_ns)
    except (ContractError, OSError):
        return DeliveryContract()


@st.cache_resource(max_entries=2, show_spinner=False)
def _contract(path: Path, changed: int) -> DeliveryContract:
    return load_contract(path)


def template(bundle: Bundle) -> bytes:
    """Return a CSV with the model's inputs as columns, and an example customer."""
    fields = asked_of(bundle)
    example = {field.measure: [_example(field)] for field in fields}
    return to_csv(pd.DataFrame({"customer_id": ["example"], **example}))


def _example(field: Input) -> float | str:
    if not isinstance(field, NumberInput) or field.default is None:
        return ""
    return field.default


def as_csv(table: pa.Table, dialect: Dialect) -> bytes:
    """Return a table as CSV with the list's separators, in UTF-8, which Excel recognises."""
    return csv_bytes(table, replace(dialect, encoding="utf-8"))


def once(step: str, key: object, make: Callable[[], T]) -> T:
    """Return the newest result of a step if it was made for this key, else make it."""
    made: dict[str, tuple[object, Any]] = st.session_state.setdefault(_STEPS, {})
    if step in made and made[step][0] == key:
        found: T = made[step][1]
        return found
    made.pop(step, None)  # frees its memory first
    result = make()
    made[step] = (key, result)
    return result


def replace_result(step: str, key: object, result: object) -> None:
    """Replace the result of a step."""
    st.session_state[_STEPS][step] = (key, result)
