"""`bench inspect` as text and JSON."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

from click.testing import CliRunner

from bench.cli import COMMANDS
from bench.cli.inspect import command
from bench.images.inspection.inspect import inspect_image
from bench.images.inspection.model import (
    Hidden,
    ImageSettings,
    Inspection,
    LayerFigures,
    Leftover,
    Shared,
    ShippedSecret,
    WastedPath,
)
from bench.images.leftovers import KINDS
from bench.report.text.inspection import inspection_json, inspection_text
from tests.hostile import SEQUENCES, speaking, texts_in
from tests.images.inspection.made import Made, archive_of, entry, layer, read, saved, write_layout

HOSTILE = "x".join(SEQUENCES)
BASE = layer(("etc/motd", b"hi"), ("srv/data", b"x" * 4096))
OWN = layer(
    (entry("srv/data", uid=1000), b"x" * 4096),
    ("var/lib/apt/lists/deb", b"x" * 2048),
    ("root/.ssh/id_rsa", b"-----BEGIN PRIVATE KEY-----\n"),
)
GONE = layer(("root/.ssh/.wh.id_rsa", b""))
MADE = Made(
    (BASE, OWN, GONE),
    {"User": "app", "Cmd": ["serve", "--port", "80"], "Env": ["API_KEY=abc", "LANG=C"]},
    ("ADD rootfs.tar /", "RUN chown -R app /srv", "RUN rm /root/.ssh/id_rsa"),
)


def text_of(made: Made) -> str:
    return inspection_text(inspect_image(read(made)))


def test_the_text_says_first_what_could_be_saved():
    lines = text_of(MADE).splitlines()
    assert lines[1] == (
        "unpacked 10.0 KiB · transfer not known · waste 4.03 KiB (40.2%) · leftovers 2.00 KiB"
        " · 1 possible secret"
    )
    assert "  layer 1, hidden by layer 2: private key  /root/.ssh/id_rsa" in lines
    assert "  4.00 KiB  /srv/data  layer 0, same content again by 1" in lines
    headings = [line.split("  ")[0] for line in lines if line and not line.startswith(" ")][2:]
    assert headings == ["POSSIBLE SECRETS", "LAYERS", "WASTE", "LEFTOVERS", "CONFIGURATION"]
    assert "  command      serve --port 80" in lines
    assert "abc" not in "".join(lines)


def test_an_image_without_layers_and_waste_is_shown():
    text = text_of(Made(()))
    assert "unpacked 0 B · transfer not known · waste 0 B · leftovers 0 B" in text
    assert "WASTE" not in text


def test_no_line_is_wider_than_a_terminal():
    long = "very-long-name/" * 20
    made = Made(
        (
            layer((f"{long}a", b"x" * 10), ("usr/include/" + "n" * 200, b"y")),
            layer((f"{long}a", b"z")),
        ),
        {"Cmd": ["x" * 300], "Labels": {"l" * 200: "v"}},
        ("RUN " + "step && " * 90, "COPY . ."),
    )
    assert max(map(len, text_of(made).splitlines())) <= 100
    against = inspect_image(read(made), read(MADE))
    assert max(map(len, inspection_text(against).splitlines())) <= 100


def test_nothing_in_an_image_controls_the_terminal():
    made = Made(
        (layer(("srv/\x1b[2J\n\u202eevil", b"x")), layer(("srv/.wh.\x1b[2J\n\u202eevil", b""))),
        {"User": HOSTILE, "Cmd": [HOSTILE], "Env": [f"A={HOSTILE}"], "Labels": {HOSTILE: HOSTILE}},
        (HOSTILE, HOSTILE),
    )
    image = inspect_image(read(made))
    assert speaking(inspection_text(image)) == ""
    texts = texts_in(json.loads("\n".join(inspection_json(image))))
    assert [speaking(text) for text in texts if speaking(text)] == []


def test_the_json_has_the_same_facts():
    image = inspect_image(read(MADE), read(Made((BASE,))))
    document = json.loads("\n".join(inspection_json(image)))
    assert document["unpacked_bytes"] == image.unpacked_bytes
    assert document["transfer_bytes"] is None
    assert document["layers"][0]["instruction"] == "ADD rootfs.tar /"
    assert document["wasted"][0] == {
        "path": "/srv/data", "bytes": 4096, "layer": 0, "hidden_by": 1, "how": "metadata",
    }  # fmt: skip
    assert document["secrets"][0]["hidden_by"] == 2
    assert document["leftovers"][0]["kind"] == "apt-lists"
    assert document["against"]["is_base"] is True
    assert document["settings"]["environment"] == {"API_KEY": "***", "LANG": "C"}


def test_the_page_explains_each_key_and_each_kind():
    page = (Path(__file__).parents[2] / "docs" / "inspect.md").read_text()
    page = re.sub(r"```.*?```", "", page, flags=re.DOTALL)
    words = set(re.findall(r"\w+(?:-\w+)*", " ".join(re.findall(r"`([^`]+)`", page))))
    facts = (Inspection, LayerFigures, WastedPath, Leftover, ShippedSecret, Shared, ImageSettings)
    keys = {field.name for kind in facts for field in dataclasses.fields(kind)}
    assert keys - words == set()
    assert {kind.id for kind in KINDS} - words == set()
    assert {str(how) for how in Hidden} - words == set()


def test_the_command_takes_an_archive_and_a_folder(tmp_path):
    (tmp_path / "image.tar").write_bytes(archive_of(saved(MADE)))
    folder = write_layout(tmp_path / "layout", MADE)
    for path in (tmp_path / "image.tar", folder):
        done = CliRunner().invoke(command, [str(path), "--format", "json"], catch_exceptions=False)
        assert done.exit_code == 0
        assert json.loads(done.stdout)["waste_bytes"] == 4124
    assert "inspect" in COMMANDS
