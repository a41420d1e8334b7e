"""What was said, a line of JSON for each message, in a folder that should be a volume."""

import json
import os
from pathlib import Path

Message = dict[str, str]
"""`role` (user or assistant) and `content`."""


def place() -> Path:
    """The file that it is in: under HISTORY, or in the working folder."""
    return Path(os.environ.get("HISTORY", "history"), "messages.jsonl")


def read(path: Path) -> list[Message]:
    """All messages, the first first; none where there is no such file."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines()]


def add(path: Path, *messages: Message) -> None:
    """Write more of them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.writelines(json.dumps(one) + "\n" for one in messages)
