"""The user and groups that a container runs as, resolved from its own files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.runtimes.specs import ContainerFile

PASSWD, GROUP = "/etc/passwd", "/etc/group"
Entries = list[list[str]]
"""The fields of each line: passwd(5), group(5)."""

_HIGHEST_ID = 2**31 - 1
"""The highest id that engines accept."""


@dataclass(frozen=True)
class User:
    """A user id with its group ids."""

    user_id: int
    groups: frozenset[int]

    def may_execute(self, file: ContainerFile) -> bool:
        """Whether the user may execute a file, or enter a folder."""
        if self.user_id == 0:
            return file.kind == "folder" or bool(file.mode & 0o111)
        return self._has(file, 0o1)

    def may_read(self, file: ContainerFile) -> bool:
        """Whether the user may read a file."""
        return self.user_id == 0 or self._has(file, 0o4)

    def _has(self, file: ContainerFile, bit: int) -> bool:
        if self.user_id == file.user_id:
            return bool(file.mode & bit << 6)
        return bool(file.mode & (bit << 3 if file.group_id in self.groups else bit))


ROOT = User(0, frozenset())


def entries(data: bytes) -> Entries:
    """The entries of a passwd or group file."""
    return [line.split(":") for line in data.decode(errors="replace").splitlines()]


def user_of(given: str, further: Sequence[str], passwd: Entries, group: Entries) -> User:
    """Resolve `given` (`USER`, `USER:GROUP`, numbers, or empty) to a user.

    Args:
        given: the user.
        further: supplementary groups, by name or number.
        passwd: entries of the container's passwd file.
        group: entries of its group file.
    """
    name, _, own = given.partition(":")
    user_id, groups = int(name) if name.isdigit() else 0, set[int]()
    for entry in passwd:
        if len(entry) > 3 and name and name in (entry[0], entry[2]):
            user_id, groups = _number(entry[2]), {_number(entry[3])}
            name = entry[0]
            break
    asked = [group_name for group_name in (own, *further) if group_name]
    groups |= {int(group_name) for group_name in asked if group_name.isdigit()}
    for entry in group:
        is_asked = any(group_name in (entry[0], entry[2]) for group_name in asked if len(entry) > 2)
        if len(entry) > 3 and (name in entry[3].split(",") or is_asked):
            groups.add(_number(entry[2]))
    return User(user_id, frozenset(groups))


def unknown(given: str, groups: Sequence[str], passwd: Entries, group: Entries) -> str:
    """A user or group that the image does not define, as a clause; empty if all are known."""
    name, _, own = given.partition(":")
    asked = [(name, "user", PASSWD, passwd)]
    asked += [(group_name, "group", GROUP, group) for group_name in (own, *groups)]
    for given_name, what, path, known in asked:
        if given_name.isdigit():
            if int(given_name) > _HIGHEST_ID:
                return f"{what} {given_name} is above the highest number, {_HIGHEST_ID}"
        elif given_name and given_name not in (entry[0] for entry in known):
            return f"there is no {what} {given_name} in {path} of the image"
    return ""


def _number(text: str) -> int:
    return int(text) if text.isdigit() else -1
