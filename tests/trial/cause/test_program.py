"""What the kernel makes of the first bytes of a file."""

from __future__ import annotations

import pytest

from bench.trial.cause.program import Binary, Script, Unknown, program_in
from tests.elf import AMD64, ARM64, I386, elf

LOADER = "/lib64/ld-linux-x86-64.so.2"


@pytest.mark.parametrize(
    ("head", "found"),
    [
        (elf(AMD64), Binary("amd64", "")),
        (elf(ARM64, LOADER), Binary("arm64", LOADER)),
        (elf(I386, "/lib/ld.so", is_wide=False), Binary("386", "/lib/ld.so")),
        (elf(4711), Binary("4711", "")),
        (b"#!/bin/sh\necho\n", Script("/bin/sh", "", crlf=False)),
        (b"#! /usr/bin/env  python3 -u\n", Script("/usr/bin/env", "python3 -u", crlf=False)),
        (b"#!/bin/sh -e\r\necho\r\n", Script("/bin/sh", "-e", crlf=True)),
        (b"#!/bin/sh\r", Script("/bin/sh", "", crlf=True)),
    ],
)
def test_programs_and_scripts_are_told_apart(head, found):
    assert program_in(head) == found


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"", "is empty"),
        (b"echo hi\n", "is neither a program nor a script"),
        (b"#!\necho\n", "is neither"),
        (b"\xef\xbb\xbf#!/bin/sh\n", "byte order mark"),
        (b"\0\0\0", "is neither"),
    ],
)
def test_what_no_kernel_runs_is_said(head, words):
    found = program_in(head)
    assert isinstance(found, Unknown)
    assert words in found.words


@pytest.mark.parametrize("length", [4, 5, 16, 30, 63])
def test_a_program_that_was_cut_off_is_called_that(length):
    assert program_in(elf(AMD64, LOADER)[:length]) == Unknown("is a program that was cut off")


def test_a_machine_runs_its_smaller_kin_and_an_unknown_one_everything():
    assert Binary("386", "").runs_on("amd64")
    assert not Binary("amd64", "").runs_on("arm64")
    assert Binary("arm64", "").runs_on("")
