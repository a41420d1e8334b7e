"""Start the service: load the model, tell one story as a test, then let Streamlit listen.

Whoever asks Streamlit's /_stcore/health before that gets no answer, so that ready means ready. The
test prints a line of JSON: how many messages of earlier runs were found, how old the container was
when the first answer was there, its pace, and what the process held after it.
"""

import json
import os
import sys
import time
from pathlib import Path

import history
import loaded
from streamlit.web import cli

TEST = "Once upon a time"


def container_age_s() -> float:
    """Seconds since process 1 was started."""
    ticks = int(Path("/proc/1/stat").read_text().rpartition(")")[2].split()[19])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / 100


def memory_bytes() -> int:
    """What this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def test() -> None:
    """Tell a story, keep it, and say how that went."""
    place = history.place()
    found = len(history.read(place))
    story, pace = loaded.TELLER.tell(TEST)
    said = {
        "history_messages": found,
        "answer_s": round(container_age_s(), 3),
        "first_token_ms": pace.first_token_ms,
        "tokens_per_s": pace.tokens_per_s,
        "answer_bytes": memory_bytes(),
    }
    history.add(place, {"role": "user", "content": TEST}, {"role": "assistant", "content": story})
    print(json.dumps(said), flush=True)


if __name__ == "__main__":
    test()
    sys.argv = ["streamlit", "run", "app.py"]
    cli.main()
