"""Rules for files that are stored twice, never read, or should not be in an image."""

from __future__ import annotations

import fnmatch
import itertools
import posixpath
import re
from typing import TYPE_CHECKING

from bench.dockerfile.lint.dockerfile import commands, flag
from bench.dockerfile.lint.finding import LintRule, LintSeverity
from bench.dockerfile.lint.installs import is_apt, is_pip_install, is_python

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.dockerfile.instructions import Instruction
    from bench.dockerfile.lint.dockerfile import Dockerfile
    from bench.dockerfile.lint.shell import ShellCommand

_SECRET_FILES = (
    *(".env", ".env.*", "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "*.pem", "*.key", ".netrc"),
    *(".npmrc", ".pypirc", ".pgpass", ".htpasswd", "credentials.json", "*.p12", "*.pfx", "*.jks"),
)
_NO_SECRET_FILES = ("*.example", "*.sample", "*.template", "*.dist", "*ca*.pem", "*cert*.pem")
_ARCHIVES = re.compile(r"\.(tar|tgz|tbz2?|txz)(\.\w+)?$|\.(gz|bz2|xz|zst)$")
_CUDA = re.compile(r"cuda|nvidia|nvcr|pytorch|rocm|gpu", re.IGNORECASE)
_APT_LISTS = "/var/lib/apt/lists"


def secret_file_copied(file: Dockerfile) -> Iterator[tuple[Instruction, str]]:
    """COPY of a file whose name says that it holds a secret."""
    for stage in file.stages:
        for instruction, sources, _ in file.copies(stage):
            found = [source for source in sources if _is_secret_file(posixpath.basename(source))]
            if found:
                yield instruction, f"{', '.join(found)} stays in a layer, where everyone reads it"


def _is_secret_file(name: str) -> bool:
    def is_one_of(patterns: tuple[str, ...]) -> bool:
        return any(fnmatch.fnmatchcase(name.lower(), pattern) for pattern in patterns)

    return is_one_of(_SECRET_FILES) and not is_one_of(_NO_SECRET_FILES)


def deleted_in_later_layer(file: Dockerfile) -> Iterator[tuple[Instruction, str]]:
    """RUN rm of what an earlier layer of the image holds."""
    made: dict[str, int] = {}
    for instruction in file.shipped_instructions:
        if instruction.keyword in ("COPY", "ADD"):
            destination = file.paths(instruction)[1]
            if destination.startswith("/") and not destination.endswith("/"):
                made[destination] = instruction.line
        if instruction.keyword != "RUN":
            continue
        found = commands(instruction)
        own = set(_written(found))
        for path in _removed(found):
            line = made.get(path)
            if line is not None and path not in own:
                yield instruction, f"{path} of line {line} stays in its layer, and is only hidden"
                break
        made |= dict.fromkeys(own, instruction.line)


def _written(found: tuple[ShellCommand, ...]) -> Iterator[str]:
    """Absolute paths that commands fill, as far as that is certain."""
    for command in found:
        if is_apt(command, "update"):
            yield _APT_LISTS
        if command.program in ("curl", "wget"):
            words = command.words
            for before, word in itertools.pairwise(words):
                if before in ("-o", "-O", "--output", "--output-document") and word[:1] == "/":
                    yield word


def _removed(found: tuple[ShellCommand, ...]) -> Iterator[str]:
    for command in found:
        if command.program == "rm":
            for word in command.arguments:
                yield word.rstrip("*").rstrip("/") or "/"


def chmod_in_later_layer(file: Dockerfile) -> Iterator[tuple[Instruction, str]]:
    """RUN chmod of a file, or chmod -R of a folder, that COPY brought."""
    copied: set[str] = set()
    for instruction in file.shipped_instructions:
        if instruction.keyword in ("COPY", "ADD") and not flag(instruction, "chmod"):
            destination = file.paths(instruction)[1]
            copied |= {destination.rstrip("/")} if destination.startswith("/") else set()
        elif instruction.keyword == "RUN":
            for command in commands(instruction):
                found = [it for it in command.arguments[1:] if it.rstrip("/") in copied]
                if command.program == "chmod" and found:
                    yield instruction, f"`chmod` of {found[0]} stores it once more"


def add_of_files(file: Dockerfile) -> Iterator[tuple[Instruction, str]]:
    """ADD of files of the context that COPY would do for."""
    for instruction in file.instructions:
        if instruction.keyword != "ADD" or flag(instruction, "checksum"):
            continue
        sources = [it for it in file.paths(instruction)[0] if not it.startswith("<<")]
        plain = [it for it in sources if not re.search(r"://|^git@|\$", it)]
        if plain and len(plain) == len(sources) and not any(map(_ARCHIVES.search, plain)):
            yield instruction, f"ADD of {plain[0]} does no more than COPY"


def volume_then_write(file: Dockerfile) -> Iterator[tuple[Instruction, str]]:
    """A COPY below a VOLUME that was declared before it."""
    for stage in file.stages:
        volumes: list[str] = []
        for instruction in stage.instructions:
            if instruction.keyword == "VOLUME":
                words = instruction.rest.strip("[] ").replace(",", " ").split()
                volumes += [word.strip("\"'").rstrip("/") for word in words]
            elif instruction.keyword in ("COPY", "ADD"):
                destination = file.paths(instruction)[1]
                inside = [it for it in volumes if it and f"{destination}/".startswith(f"{it}/")]
                if inside:
                    yield instruction, f"{destination} lies in the volume {inside[0]}"


def devel_base_shipped(file: Dockerfile) -> Iterator[tuple[Instruction, str]]:
    """A base with CUDA's compilers under the shipped stage."""
    base = file.shipped[0].base
    if "-devel" in base.rpartition(":")[2] and _CUDA.search(base):
        yield file.shipped[0].opening, f"{base} brings compilers and headers of CUDA"


def torch_with_cuda(file: Dockerfile) -> Iterator[tuple[Instruction, str]]:
    """`pip install torch` from the default index, on a base without CUDA."""
    text = " ".join([file.shipped[0].base, *file.environment, *file.environment.values()])
    if _CUDA.search(text) or "INDEX_URL" in text:
        return
    for instruction in file.shipped_instructions:
        if instruction.keyword != "RUN":
            continue
        for command in commands(instruction):
            words = command.words
            names = {re.split(r"[=<>~!\[]", word)[0] for word in words}
            has_index = any("index" in word or word in ("-i", "-f") for word in words)
            is_whole = "torch" in names and not any("+" in word or "://" in word for word in words)
            if is_pip_install(command) and is_whole and not has_index:
                yield instruction, "`pip install torch` brings gigabytes of CUDA to x86-64"
                break


def bytecode_never_kept(file: Dockerfile) -> Iterator[tuple[Instruction, str]]:
    """Python that compiles its modules at every start."""
    runs = [it for it in file.shipped_instructions if it.keyword == "RUN"]
    if any("compileall" in run.rest or "--compile" in run.rest.split() for run in runs):
        return
    for run in runs:
        if any(is_pip_install(it) and "--no-compile" in it.words for it in commands(run)):
            yield run, "`pip install --no-compile`: packages are compiled at every start"
    starts = [it for key in ("ENTRYPOINT", "CMD") if (it := file.last(key)) is not None]
    has_python = any(is_python(command.program) for it in starts for command in commands(it))
    copies = any(list(file.copies(stage)) for stage in file.shipped)
    if not has_python or not copies:
        return
    for instruction in file.shipped_instructions:
        if instruction.keyword == "ENV":
            value = file.variables(instruction).get("PYTHONDONTWRITEBYTECODE", "")
            if value and value != "0":
                yield instruction, "the service's own modules are compiled at every start"


RULES = (
    LintRule(
        "secret-file-copied",
        LintSeverity.ERROR,
        "A layer keeps the file, even if a later one deletes it, and everyone who can pull the "
        "image can read it.",
        "use RUN --mount=type=secret when building, or mount it when the container starts",
        secret_file_copied,
    ),
    LintRule(
        "deleted-in-later-layer",
        LintSeverity.WARNING,
        "A layer cannot take bytes out of the ones below: the image only grows.",
        "delete it in the RUN that makes it, or make it in a stage of its own",
        deleted_in_later_layer,
    ),
    LintRule(
        "chmod-in-later-layer",
        LintSeverity.WARNING,
        "A change of mode stores every file once more in a layer of its own.",
        "use COPY --chmod=MODE",
        chmod_in_later_layer,
    ),
    LintRule(
        "add-of-files",
        LintSeverity.INFO,
        "ADD also unpacks archives and fetches URLs, so readers have to look which it is.",
        "use COPY",
        add_of_files,
    ),
    LintRule(
        "volume-then-write",
        LintSeverity.WARNING,
        "Each container gets a new volume there: builders differ in whether later files are in it, "
        "and it is copied at every start.",
        "declare the VOLUME last, or leave it to those who run the image",
        volume_then_write,
    ),
    LintRule(
        "devel-base-shipped",
        LintSeverity.WARNING,
        "The devel images of CUDA are gigabytes larger than those that only run programs.",
        "compile on it in a stage of its own, and ship a `-runtime` or `-base` image",
        devel_base_shipped,
    ),
    LintRule(
        "torch-with-cuda",
        LintSeverity.INFO,
        "The default wheels of PyTorch for x86-64 bring CUDA, which is of no use without a GPU.",
        "without a GPU, install from PyTorch's index of CPU wheels",
        torch_with_cuda,
    ),
    LintRule(
        "bytecode-never-kept",
        LintSeverity.WARNING,
        "Every start compiles the modules that it imports again.",
        "run `python -m compileall` when building, and leave out --no-compile",
        bytecode_never_kept,
    ),
)
