from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.core.errors import ScenarioError
from bench.yamldoc.env_file import read_env_files


def read(folder: Path, text: str) -> dict[str, str]:
    path = folder / ".env"
    path.write_text(text, newline="")
    return read_env_files([path])


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=1", "1"),
        ("A=", ""),
        ("  A=1  ", "1"),
        ("export A=1", "1"),
        ("A = 1", "1"),
        ("A: 1", "1"),
        ("A : 1", "1"),
        ("A:1", "1"),
        ("A: 'a: b'", "a: b"),
        ("A: http://x:80/?q=1", "http://x:80/?q=1"),
        ("export A: 1 # why", "1"),
        ("A=a:b", "a:b"),
        ("A=a b", "a b"),
        ("A=a=b", "a=b"),
        ("A=a # why", "a"),
        ("A=a#b", "a#b"),
        ("A= # why", ""),
        ("A='a # b'", "a # b"),
        ("A='a\\nb'", "a\\nb"),
        ("A='a' # why", "a"),
        ('A="a\\nb"', "a\nb"),
        ('A="a\\"b"', 'a"b'),
        ('A="a\nb"', "a\nb"),
        ("A='a\nb'", "a\nb"),
        ("A=${HOME}", "${HOME}"),
        ("A=1\r", "1"),
        ("A=ü", "ü"),
    ],
)
def test_a_line_is_read(tmp_path, line, value):
    assert read(tmp_path, f"# first\n\n{line}\nZ=9\n") == {"A": value, "Z": "9"}


def test_later_lines_and_files_win(tmp_path):
    (tmp_path / "a").write_text("A=1\nA=2\nB=1\n")
    (tmp_path / "b").write_text("B=2\n")
    assert read_env_files([tmp_path / "a", tmp_path / "b"]) == {"A": "2", "B": "2"}


@pytest.mark.parametrize(
    "line", ["hunter2", "=hunter2", "A B=hunter2", "A='hunter2", 'A="hunter2', "A='hunter2' x"]
)
def test_a_bad_line_is_named_and_not_quoted(tmp_path, line):
    with pytest.raises(ScenarioError) as caught:
        read(tmp_path, f"B=1\n{line}\nC=2\n")
    (fault,) = caught.value.diagnostics
    assert (fault.file, fault.line) == (str(tmp_path / ".env"), 2)
    assert "hunter2" not in str(caught.value)


def test_the_faults_of_all_files_come_at_once(tmp_path):
    (tmp_path / "a").write_text("x\ny\n")
    with pytest.raises(ScenarioError) as caught:
        read_env_files([tmp_path / "a", tmp_path / "missing"])
    assert [one.line for one in caught.value.diagnostics] == [1, 2, 1]


@settings(max_examples=30)
@given(
    st.dictionaries(
        st.from_regex(r"[A-Za-z_][A-Za-z0-9_]*", fullmatch=True),
        st.text(st.characters(exclude_characters="'\0\r", exclude_categories=["Cs"])),
    )
)
def test_what_is_written_in_single_quotes_is_read_back(tmp_path_factory, variables):
    text = "".join(f"{key}='{value}'\n" for key, value in variables.items())
    assert read(tmp_path_factory.getbasetemp(), text) == variables


@settings(max_examples=50)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "fuzz.env"
    path.write_bytes(data)
    try:
        values = read_env_files([path])
    except ScenarioError as error:
        assert error.diagnostics  # noqa: PT017
    else:
        assert all(key and "=" not in key for key in values)
