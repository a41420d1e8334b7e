"""The model, loaded once for the whole process: Streamlit runs app.py again for every message."""

from stories import Teller

TELLER = Teller("model")
