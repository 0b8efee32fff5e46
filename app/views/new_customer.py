"""Page for branch staff: the predicted segment of a customer, and the reasons."""

import streamlit as st

from app.panels.answer import show_answer, what_if
from app.panels.entry import ask
from app.state import data, session
from app.widgets import page
from bankseg_assets.scoring.bundle import InputError

bundle = page.begin(
    "New customer",
    "Which segment does the customer belong to, and why? Enter what you know and press the button.",
)
numbers = session.numbers()
left, right = st.columns([2, 3], gap="large")
with left:
    entered = ask(bundle)
with right:
    if entered is None:
        st.info("The answer appears here.")
    else:
        try:
            show_answer(bundle, entered, data.actions(), numbers)
            what_if(bundle, entered, numbers)
        except InputError as error:
            st.error(str(error), icon=":material/error:")
