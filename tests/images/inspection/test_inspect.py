"""The facts about an image: waste, leftovers, secrets, shared layers, configuration."""

from __future__ import annotations

import json
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.images.inspection.inspect import inspect_image
from bench.images.inspection.model import Hidden
from bench.images.waste import waste_bytes
from tests.images.inspection.made import Made, entry, layer, link, read
from tests.images.test_layers import visible_bytes

KEY = b"-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\n"


def inspect(*layers: bytes, history: tuple[str, ...] = (), **config: object):
    return inspect_image(read(Made(layers, config, history)))


def wasted(*layers: bytes) -> list[tuple[str, int, int, int, str]]:
    found = inspect(*layers).wasted
    return [(file.path, file.bytes, file.layer, file.hidden_by, str(file.how)) for file in found]


BASE = layer(("srv/app.py", b"print()\n"), ("srv/data", b"x" * 100), ("etc/motd", b"hi"))


# waste


@pytest.mark.parametrize(
    ("later", "how"),
    [
        (layer(("srv/data", b"y" * 100)), Hidden.OVERWRITTEN),
        (layer(("srv/data", b"x" * 99)), Hidden.OVERWRITTEN),
        (layer(("srv/data/inner", b"x")), Hidden.OVERWRITTEN),
        (layer(link("srv/data", "other", tarfile.SYMTYPE)), Hidden.OVERWRITTEN),
        (layer((entry("srv/data", uid=1000), b"x" * 100)), Hidden.METADATA),
        (layer((entry("srv/data", mode=0o755), b"x" * 100)), Hidden.METADATA),
        (layer((entry("srv/data", mtime=99), b"x" * 100)), Hidden.METADATA),
        (layer(("srv/.wh.data", b"")), Hidden.DELETED),
    ],
)
def test_a_hidden_file_is_told_with_its_layers_and_how(later, how):
    assert wasted(BASE, layer(), later) == [("/srv/data", 100, 0, 2, how)]


def test_a_changed_owner_of_all_files_ships_each_once_more():
    owned = layer(
        (entry("srv/app.py", uid=7), b"print()\n"), (entry("srv/data", uid=7), b"x" * 100)
    )
    image = inspect(BASE, owned, history=("COPY . .", "RUN chown -R app /srv"))
    assert image.waste_bytes == 108
    assert {file.how for file in image.wasted} == {Hidden.METADATA}
    assert [item.waste_bytes for item in image.layers] == [108, 0]


def test_an_opaque_folder_hides_what_is_below_it_and_not_its_own_files():
    later = layer(("srv/.wh..wh..opq", b""), ("srv/app.py", b"print()\n"))
    assert wasted(BASE, later) == [
        ("/srv/data", 100, 0, 1, "deleted"),
        ("/srv/app.py", 8, 0, 1, "metadata"),
    ]


def test_a_hard_link_is_counted_once_and_hidden_by_its_first_name():
    linked = layer(("usr/bin/perl", b"p" * 4000), link("usr/bin/perl5", "usr/bin/perl"))
    image = inspect(linked, layer(("usr/bin/.wh.perl", b"")))
    assert (image.unpacked_bytes, image.waste_bytes, image.file_count) == (4000, 4000, 1)


def test_nothing_is_counted_twice():
    image = inspect(BASE, layer(("srv/data", b"y" * 50)), layer(("srv/.wh.data", b"")))
    assert image.waste_bytes == 150
    assert image.visible_bytes == image.unpacked_bytes - 150 == 10


names = st.sampled_from(["a", "b", ".wh.a", ".wh.b", ".wh..wh..opq"])
paths = st.tuples(st.lists(st.sampled_from("ab"), max_size=2), names).map(
    lambda parts: "/".join([*parts[0], parts[1]])
)


@st.composite
def archives(draw: st.DrawFn) -> bytes:
    """A layer in which a path is not both there and deleted, and no file has files below it."""
    content: dict[str, bytes] = {}
    for path, data in draw(st.lists(st.tuples(paths, st.binary(max_size=3)), max_size=6)):
        folder, _, name = path.rpartition("/")
        plain = f"{folder}/{name.removeprefix('.wh.')}".lstrip("/")
        others = {other.replace(".wh.", "") for other in content if not other.endswith(".opq")}
        ways = (plain.startswith(f"{other}/") or other.startswith(f"{plain}/") for other in others)
        if plain not in others and not any(ways):
            content[path] = b"" if name.startswith(".wh.") else data
    return layer(*content.items())


@given(st.lists(archives(), max_size=4))
def test_waste_and_what_is_visible_are_all_that_is_shipped(stack):
    read_back = read(Made(tuple(stack)))
    image = inspect_image(read_back)
    contents = [item.scan.content for item in read_back.layers]
    assert image.visible_bytes == visible_bytes(contents)
    assert image.waste_bytes == waste_bytes(contents) == sum(file.bytes for file in image.wasted)
    assert image.waste_bytes + image.visible_bytes == image.unpacked_bytes
    assert sum(item.waste_bytes for item in image.layers) == image.waste_bytes


# leftovers


def test_leftovers_are_summed_by_kind_with_the_layer_that_brings_most():
    lists = "var/lib/apt/lists/deb"
    image = inspect(
        layer((f"{lists}1", b"x" * 10)),
        layer((f"{lists}2", b"x" * 70), ("root/.cache/pip/http/a", b"x" * 5), ("srv/a", b"x")),
    )
    apt, pip = image.leftovers
    assert (apt.kind, apt.bytes, apt.file_count, apt.layer) == ("apt-lists", 80, 2, 1)
    assert (apt.example, pip.kind, pip.bytes) == (f"/{lists}2", "pip-cache", 5)
    assert image.leftover_bytes == 85


def test_what_a_later_layer_deletes_is_waste_and_no_leftover():
    image = inspect(
        layer(("var/lib/apt/lists/deb", b"x" * 10)), layer(("var/lib/apt/.wh.lists", b""))
    )
    assert (image.leftovers, image.waste_bytes) == ((), 10)


def test_development_packages_are_told_by_the_list_of_npm():
    listed = {
        "packages": {
            "node_modules/jest": {"dev": True},
            "node_modules/express": {},
            "node_modules/express/node_modules/tap": {"dev": True},
        }
    }
    image = inspect(
        layer(
            ("srv/node_modules/.package-lock.json", json.dumps(listed).encode()),
            ("srv/node_modules/jest/lib/a.js", b"x" * 30),
            ("srv/node_modules/express/index.js", b"x" * 40),
            ("srv/node_modules/express/node_modules/tap/a.js", b"x" * 5),
            ("opt/node_modules/jest/a.js", b"x" * 9),
        )
    )
    (found,) = image.leftovers
    assert (found.kind, found.bytes, found.file_count) == ("node-dev-packages", 35, 2)


@pytest.mark.parametrize("listed", [b"", b"[]", b'{"packages": []}', b'{"packages": {"a": 1}}'])
def test_a_list_of_npm_that_cannot_be_read_tells_nothing(listed):
    image = inspect(
        layer(("node_modules/.package-lock.json", listed), ("node_modules/jest/a.js", b"x"))
    )
    assert image.leftovers == ()


# secrets


def test_a_secret_that_a_later_layer_deletes_is_told_with_both_layers():
    image = inspect(layer(("root/.ssh/id_ed25519", KEY)), layer(("root/.ssh/.wh.id_ed25519", b"")))
    (secret,) = image.secrets
    assert (secret.path, secret.kind) == ("/root/.ssh/id_ed25519", "private key")
    assert (secret.layer, secret.hidden_by) == (0, 1)


def test_a_secret_that_is_still_there_is_hidden_by_nothing():
    (secret,) = inspect(BASE, layer(("srv/.env", b"TOKEN=abc\n"))).secrets
    assert (secret.kind, secret.layer, secret.hidden_by) == ("environment file", 1, None)


# another image


def test_a_base_is_told_by_the_digests_of_its_layers():
    own = layer(("srv/own", b"x" * 7))
    image, base = read(Made((BASE, own))), read(Made((BASE,)))
    shared = inspect_image(image, base).against
    assert shared is not None
    assert (shared.is_base, shared.layer_count, shared.bytes) == (True, 1, 110)
    assert (shared.own_bytes, shared.others_own_bytes) == (7, 0)
    assert [item.shared for item in inspect_image(image, base).layers] == [True, False]


def test_layers_in_another_order_are_shared_and_no_base():
    own, other = layer(("srv/own", b"x" * 7)), layer(("srv/other", b"x" * 3))
    shared = inspect_image(read(Made((own, BASE))), read(Made((BASE, other)))).against
    assert shared is not None
    assert (shared.is_base, shared.layer_count, shared.bytes) == (False, 1, 110)
    assert (shared.own_bytes, shared.others_own_bytes) == (7, 3)


def test_without_another_image_nothing_is_said_of_sharing():
    image = inspect(BASE)
    assert image.against is None
    assert [item.shared for item in image.layers] == [None]


# configuration


def test_the_configuration_is_shown_without_secrets():
    settings = inspect(
        User="app",
        Entrypoint=["serve", "--url", "https://me:pw@host/"],
        Cmd=["DB_PASSWORD=hunter2"],
        Env=["PATH=/bin", "API_TOKEN=abcdef", "DB=postgres://u:p@db/x", "EMPTY"],
        ExposedPorts={"8080/tcp": {}},
        Labels={"secret": "s3cr3t", "team": "a"},
        StopSignal="SIGINT",
        Healthcheck={"Test": ["CMD", "true"]},
        WorkingDir="/srv",
        Volumes={"/data": {}},
    ).settings
    assert settings.environment["API_TOKEN"] == "***"
    assert settings.environment["PATH"] == "/bin"
    assert settings.labels == {"secret": "***", "team": "a"}
    assert (settings.user, settings.stop_signal, settings.working_dir) == ("app", "SIGINT", "/srv")
    assert (settings.exposed_ports, settings.volumes) == (("8080/tcp",), ("/data",))
    assert settings.healthcheck == {"Test": ["CMD", "true"]}
    for secret in ("abcdef", "u:p", "me:pw", "hunter2", "s3cr3t"):
        assert secret not in repr(settings)


def test_an_instruction_is_shown_without_secrets():
    image = inspect(BASE, history=("RUN API_TOKEN=abc123 PORT=80 pip install https://u:p@host/x",))
    assert image.layers[0].instruction == "RUN API_TOKEN=*** PORT=80 pip install https://***@host/x"


@pytest.mark.parametrize("value", [None, 3, "text", [], {}, [1, None], {"a": 1}])
def test_a_configuration_of_any_form_is_read(value):
    keys = ("User", "Entrypoint", "Cmd", "Env", "ExposedPorts", "Labels", "Healthcheck", "Volumes")
    inspect(BASE, **dict.fromkeys(keys, value))
