"""The page: what was said, and a line to begin the next story."""

import history
import loaded
import streamlit as st

st.title("Storyteller")

for message in history.read(history.place()):
    st.chat_message(message["role"]).write(message["content"])

if begin := st.chat_input("How does the story begin?"):
    st.chat_message("user").write(begin)
    story, pace = loaded.TELLER.tell(begin)
    st.chat_message("assistant").write(story)
    st.caption(f"{pace.tokens_per_s} tokens a second")
    history.add(
        history.place(),
        {"role": "user", "content": begin},
        {"role": "assistant", "content": story},
    )
