"""All mends, in the order in which they are tried: those known to be right first, tries last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.dockerfile.mends import (
    base_mends,
    copy_mends,
    download_mend,
    install_mends,
    stages_mend,
    start_mends,
    tools_mend,
)

if TYPE_CHECKING:
    from bench.dockerfile.mends.mend import Mend
    from bench.dockerfile.mends.sources import Sources

MENDS: tuple[Mend, ...] = (
    start_mends.EXEC_FORM,
    start_mends.SCRIPT_EXEC,
    start_mends.UNBUFFERED,
    copy_mends.IGNORE_FILE,
    copy_mends.COPY_OWNER,
    install_mends.LISTS,
    install_mends.PIP_CACHE,
    install_mends.APK_CACHE,
    install_mends.PIP_COMPILE,
    download_mend.DOWNLOAD,  # before the order of COPY, which then sees these installs too
    copy_mends.COPY_ORDER,
    stages_mend.STAGES,
    install_mends.RECOMMENDS,
    tools_mend.TOOLS,
    base_mends.SLIM,
    base_mends.COMPILED,
    base_mends.USER,
)

NOT_MENDED = {
    "unpinned-base": "which release is meant, only the author knows",
    "pip-unpinned": "which version is meant, only the author knows",
    "apt-upgrade": "which newer base has the upgrades is not known",
    "devel-base-shipped": "whether the program compiles when it runs is not known",
    "torch-with-cuda": "whether it is meant for a GPU is not known",
    "node-dev-dependencies": "whether a later step needs them to build is not known",
    "npm-cache-kept": "no mend is known yet that leaves all else as it is",
    "conda-cache-kept": "no mend is known yet that leaves all else as it is",
    "dnf-cache-kept": "no mend is known yet that leaves all else as it is",
    "deleted-in-later-layer": "no mend is known yet that leaves all else as it is",
    "chmod-in-later-layer": "no mend is known yet that leaves all else as it is",
    "volume-then-write": "no mend is known yet that leaves all else as it is",
    "apt-update-alone": "the install that it belongs to is not certain",
    "bytecode-never-kept": "what is to be compiled is not certain",
    "secret-file-copied": "the secret has to come from elsewhere",
    "add-of-files": "it changes nothing that can be measured",
    "apt-for-people": "it changes nothing that can be measured",
    "sudo-in-run": "it changes nothing that can be measured",
    "maintainer-deprecated": "it changes nothing that can be measured",
    "several-commands": "which one is meant, only the author knows",
    "relative-workdir": "where the base image leaves off is not known",
    "fetch-without-pipefail": "whether the image has a shell with pipefail is not known",
    "stop-signal-kill": "at which signal the service ends is not known",
    "sshd-in-image": "whether anybody uses it is not known",
    "add-of-url": "the checksum of the file is not known",
    "secret-in-env": "the secret has to come from elsewhere, and be replaced as it is known now",
    "no-healthcheck": "what to ask the service is not in the Dockerfile",
}
"""Rules whose findings no mend answers, each with the reason."""


@dataclass(frozen=True)
class Step:
    """One mend that changed something.

    Attributes:
        mend: which.
        sources: after it.
        notes: what somebody who takes the change should know.
    """

    mend: Mend
    sources: Sources
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Proposal:
    """What mends make of a Dockerfile.

    Attributes:
        before: as it is.
        steps: the mends that change something, each on top of those before it.
        left: findings that stay, each with the reason.
    """

    before: Sources
    steps: tuple[Step, ...]
    left: tuple[str, ...]

    @property
    def after(self) -> Sources:
        """With all of them."""
        return self.steps[-1].sources if self.steps else self.before


def proposed(before: Sources, without: frozenset[str] = frozenset()) -> Proposal:
    """Apply all mends but some, in their order."""
    sources = before
    steps, left = [], []
    for mend in MENDS:
        if mend.id in without:
            continue
        mended = mend.apply(sources)
        left += [f"{mend.title}: {reason}" for reason in mended.left]
        if mended.sources.texts != sources.texts:
            sources = mended.sources
            steps.append(Step(mend, sources, mended.notes))
    left += [
        f"line {it.line}: {it.message}: {NOT_MENDED[it.rule]}"
        for it in sources.findings
        if it.rule in NOT_MENDED
    ]
    return Proposal(before, tuple(steps), tuple(left))
