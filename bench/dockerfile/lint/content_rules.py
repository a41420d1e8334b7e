"""Rules for what an image stands on and holds, and the user it runs as."""

from __future__ import annotations

import fnmatch
import posixpath
import re
from typing import TYPE_CHECKING

from bench.dockerfile.lint.dockerfile import commands, flag
from bench.dockerfile.lint.finding import LintRule, LintSeverity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.dockerfile.instructions import Instruction
    from bench.dockerfile.lint.dockerfile import Dockerfile

_SECRET = re.compile(
    r"(^|_)(PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|API_?KEY|PRIVATE_KEY|ACCESS_KEY|SECRET_KEY"
    r"|CREDENTIALS?)$",
    re.IGNORECASE,
)
_NO_SECRETS = re.compile(r"(yes|no|true|false|on|off|none|null|\d)?|/.*", re.IGNORECASE)
_PRIVATE = (".git", "node_modules", ".venv")
_WITHOUT_ROOT = ("nonroot", "rootless", "unprivileged", "windows", "nanoserver", "mambaorg/")
"""Parts of the names of bases whose user is not root; on Windows there is none."""


def unpinned_base(file: Dockerfile) -> Iterator[tuple[Instruction, str]]:
    """FROM without a tag, or with `latest`."""
    for stage in file.stages:
        name = stage.base.rpartition("/")[2]
        if stage.parent is not None or not name or stage.base == "scratch" or "@" in name:
            continue
        image, colon, tag = name.partition(":")
        if image and (not colon or tag == "latest"):
            what = "the tag `latest`" if colon else "no tag"
            yield stage.opening, f"{stage.base} has {what}"


def add_of_url(file: Dockerfile) -> Iterator[tuple[Instruction, str]]:
    """ADD of a URL whose content nothing checks."""
    for instruction in file.instructions:
        if instruction.keyword != "ADD" or flag(instruction, "checksum"):
            continue
        for source in file.paths(instruction)[0]:
            if source.startswith(("http://", "https://")) and not source.endswith(".git"):
                yield instruction, f"{source} is added without --checksum"


def late_chown(file: Dockerfile) -> Iterator[tuple[Instruction, str]]:
    """RUN chown -R of files that a COPY brought."""
    folder = "/"
    copied: set[str] = set()
    for stage in file.shipped:
        for instruction in stage.instructions:
            if instruction.keyword == "WORKDIR":
                folder = posixpath.join(folder, file.bare(instruction.rest))
            elif instruction.keyword in ("COPY", "ADD") and not flag(instruction, "chown"):
                copied.add(_place(folder, file.paths(instruction)[1]))
            elif instruction.keyword == "RUN":
                found = [place for place in _owned(instruction, folder) if _meets(place, copied)]
                if found:
                    yield (
                        instruction,
                        f"`chown -R` of {found[0]} copies the files into one more layer",
                    )


def _owned(run: Instruction, folder: str) -> Iterator[str]:
    """The folders whose owner a RUN changes with all that is in them."""
    for command in commands(run):
        if command.program == "cd" and command.arguments:
            folder = posixpath.join(folder, command.arguments[0])
        options = [word for word in command.words[1:] if word.startswith("-")]
        is_deep = any(
            word == "--recursive" or (not word.startswith("--") and "R" in word) for word in options
        )
        if command.program == "chown" and is_deep:
            yield from (_place(folder, word) for word in command.arguments[1:])


def _place(folder: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(folder, path)).replace("//", "/")


def _meets(place: str, copied: set[str]) -> bool:
    """Whether one is in the other."""
    return any(
        f"{other}/".startswith(f"{place.rstrip('/')}/")
        or (other != "/" and place.startswith(f"{other}/"))
        for other in copied
    )


def missing_dockerignore(file: Dockerfile) -> Iterator[tuple[Instruction, str]]:
    """COPY of a folder with things in it that belong in no image."""
    for stage in file.stages:
        for instruction, sources, _ in file.copies(stage):
            if set(sources) & {".", "./", "/"}:
                found = [name for name in _PRIVATE if _is_sent(file, name)]
                if found:
                    yield instruction, f"{', '.join(found)} of the context is copied too"
                return


def _is_sent(file: Dockerfile, name: str) -> bool:
    """Whether a folder is in the context and no ignore file names it."""
    if not (file.context / name).is_dir():
        return False
    lines = (ignore_file(file)[1] or "").splitlines()
    is_sent = True
    for line in lines:
        pattern = line.strip().removeprefix("!").strip()
        for _ in range(2):
            pattern = pattern.removeprefix("./").removeprefix("**/").strip("/")
            pattern = pattern.removesuffix("/**").removesuffix("/*")
        if not line.startswith("#") and fnmatch.fnmatchcase(name, pattern):
            is_sent = line.strip().startswith("!")
    return is_sent


def ignore_file(file: Dockerfile) -> tuple[str, str | None]:
    """The place of the ignore file that holds for a Dockerfile, and its text, if it is there."""
    try:
        own = file.path.resolve().relative_to(file.context.resolve()).as_posix()
    except ValueError:
        own = file.path.name
    text = file.context_text(f"{own}.dockerignore")
    if text is not None:
        return f"{own}.dockerignore", text
    return ".dockerignore", file.context_text(".dockerignore")


def no_user(file: Dockerfile) -> Iterator[tuple[Instruction, str]]:
    """A service that runs as root."""
    if file.last("CMD") is None and file.last("ENTRYPOINT") is None:
        return
    user = file.last("USER")
    if user is None:
        base = file.shipped[0].base
        if not any(word in base for word in _WITHOUT_ROOT):
            yield file.shipped[-1].opening, "no USER is set, so that the service runs as root"
    elif file.bare(user.rest).partition(":")[0] in ("root", "0"):
        yield user, "the last USER is root"


def secret_in_env(file: Dockerfile) -> Iterator[tuple[Instruction, str]]:
    """A secret whose value is in the Dockerfile."""
    for instruction in file.instructions:
        if instruction.keyword not in ("ENV", "ARG"):
            continue
        for name, value in file.variables(instruction).items():
            if _SECRET.search(name) and "$" not in value and not _NO_SECRETS.fullmatch(value):
                yield (
                    instruction,
                    f"{instruction.keyword} {name} has a value that everyone can read",
                )


RULES = (
    LintRule(
        "unpinned-base",
        LintSeverity.WARNING,
        "Two builds of the same file may stand on different images.",
        "name a release, such as `python:3.11-slim-bookworm`, or a digest",
        unpinned_base,
    ),
    LintRule(
        "add-of-url",
        LintSeverity.WARNING,
        "Whatever the server sends becomes part of the image, and nothing notices a change.",
        "add --checksum=sha256:…, or download and check it in a stage of its own",
        add_of_url,
    ),
    LintRule(
        "late-chown",
        LintSeverity.WARNING,
        "A change of owner stores every file once more in a layer of its own.",
        "use COPY --chown=USER:GROUP",
        late_chown,
    ),
    LintRule(
        "missing-dockerignore",
        LintSeverity.WARNING,
        "History, packages and virtual environments of the developer go into the image, and make "
        "its layer new at each build.",
        "name them in .dockerignore",
        missing_dockerignore,
    ),
    LintRule(
        "no-user",
        LintSeverity.WARNING,
        "An intruder is root in the container, one flaw of the engine away from root on the host.",
        "end with a USER by number, such as `USER 10001:10001`",
        no_user,
    ),
    LintRule(
        "secret-in-env",
        LintSeverity.ERROR,
        "Values of ENV and ARG are stored with the image, where everyone who can pull it reads "
        "them.",
        "use RUN --mount=type=secret when building, and pass it in when the container starts",
        secret_in_env,
    ),
)
