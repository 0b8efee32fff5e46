"""For branch staff: which segment is the customer who sits here?"""

import streamlit as st

from app import session
from app.answer import show_answer
from app.entry import ask
from bankseg_assets.scoring import InputError

st.title("New customer")
st.markdown("Which segment does the customer belong to? Enter what you know and press the button.")
bundle = session.require_bundle()

left, right = st.columns([2, 3], gap="large")
with left:
    entered = ask(bundle)
with right:
    if entered is None:
        st.info("The answer appears here.")
    else:
        try:
            show_answer(bundle, entered)
        except InputError as error:
            st.error(str(error), icon=":material/error:")
