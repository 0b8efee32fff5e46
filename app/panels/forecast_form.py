"""Forecast for a customer of the form, from three more facts than the segment needs."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app.panels.customer_tables import forecasts_table
from app.panels.entry import ACTIVE_DAYS, FIRST_DAY, KEY
from app.panels.forecasts import show_forecasts
from app.panels.typed import Notation, TypedError, days_before, read_number
from app.widgets.numbers import Numbers
from bankseg_assets.lookup.customer import LookupFailedError
from bankseg_assets.lookup.forecasts import Known, forecast_notes, forecasts_for, value_document
from bankseg_assets.presentation.markdown import escaped
from bankseg_assets.release.releases import Release
from bankseg_assets.scoring.bundle import Bundle


def show_forecast(
    release: Release, bundle: Bundle, given: Mapping[str, Any], notation: Notation, numbers: Numbers
) -> None:
    """Ask for the customer's history, and draw the forecast; nothing for an older release."""
    if not value_document(release) or not bundle.snapshot_date:
        return
    with st.expander("What will the customer do and spend?", icon=":material/savings:"):
        st.caption(
            "A forecast needs the days of the first and of the last transaction, and on how many "
            "days there was one."
        )
        first = _typed("Date of the first transaction", FIRST_DAY, "year-month-day")
        days = _typed("Days with transactions", ACTIVE_DAYS, "not known")
        if "recency" not in given:
            st.info("Enter the date of the last transaction in the form.")
        elif first.strip() and days.strip():
            try:
                known = Known(
                    active_days=int(read_number(days, notation, places=0)),
                    recency=int(given["recency"]),
                    age=days_before(bundle.snapshot_date, first, notation),
                    spent=given.get("monetary"),
                )
                if known.problem:
                    raise TypedError(known.problem)
                _show(forecasts_for(release, known), release, bundle, numbers)
            except (TypedError, LookupFailedError) as error:
                st.error(escaped(str(error)), icon=":material/error:")


def _typed(label: str, name: str, placeholder: str) -> str:
    found: str = st.text_input(
        label,
        placeholder=placeholder,
        key=f"{KEY}{name}",
        autocomplete="off",  # a browser would suggest the values of other customers
        persist_state="session",
    )
    return found


def _show(
    forecasts: Mapping[str, float], release: Release, bundle: Bundle, numbers: Numbers
) -> None:
    table = forecasts_table(forecasts, numbers, direction_known=bundle.direction_known)
    if table.empty:
        st.info("No customer has such a history, and the forecast in use cannot be computed.")
    show_forecasts(forecasts, table, forecast_notes(release))
