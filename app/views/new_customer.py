"""Page for branch staff: the predicted segment of a customer, and the reasons."""

import streamlit as st

from app.panels.answer import show_answer, what_if
from app.panels.entry import ask
from app.panels.forecast_form import show_forecast
from app.panels.typed import notation_of
from app.state import data, session
from app.widgets import page
from app.widgets.style import pale_while_typing
from bankseg_assets.runtime.settings import load_settings

bundle = page.begin(
    "New customer",
    "Which segment does the customer belong to, and why? Enter what you know.",
)
numbers = session.numbers()
left, right = st.columns([2, 3], gap="large")
with left:
    notation = notation_of(load_settings().contract)
    entered = ask(bundle, notation, numbers)
# While a value is typed that is not read yet, the answer is of the previous one.
pale_while_typing("answer")
with right, st.container(key="answer"):
    # An answer beside a value that it does not include would be that of another customer.
    if entered.has_problem:
        st.info("The answer appears here when the marked values are corrected.")
    elif not entered.known:
        st.info("The answer appears here.")
    else:
        show_answer(bundle, entered.known, data.actions(), numbers)
        what_if(bundle, entered.known, numbers)
        show_forecast(session.require_release(), bundle, entered.known, notation, numbers)
