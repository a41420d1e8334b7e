"""What a container wrote: its own files, and not what leads to them or what engines put there."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bench.journal.facts.behaviour import Folder, Writes
from bench.observe.writes import fold, outside
from bench.runtimes.workload import Change


def changed(*paths: str) -> list[Change]:
    return [Change(path, "changed") for path in paths]


def added(*paths: str) -> list[Change]:
    return [Change(path, "added") for path in paths]


def written(changes: list[Change], *mounts: str) -> list[str]:
    return [one.path for one in outside(changes, mounts).paths]


def test_a_file_is_a_write_and_the_folders_above_it_are_not():
    found = outside(changed("/srv", "/srv/app") + added("/srv/app/cache.db"), [])
    assert [(one.path, one.kind) for one in found.paths] == [("/srv/app/cache.db", "added")]
    assert found.count == 1


def test_a_deleted_file_of_the_image_is_a_write():
    found = outside([*changed("/etc"), Change("/etc/motd", "deleted")], [])
    assert [(one.path, one.kind) for one in found.paths] == [("/etc/motd", "deleted")]


def test_scratch_and_bytecode_are_nobodys_state():
    changes = changed("/tmp", "/run", "/var", "/var/run", "/app") + added(
        "/tmp/x", "/run/app.pid", "/var/run/y", "/app/__pycache__", "/app/__pycache__/m.pyc"
    )
    assert written(changes) == []


def test_what_only_begins_like_scratch_is_not():
    assert written(added("/tmpfile", "/run2/x")) == ["/run2/x", "/tmpfile"]


def test_mounts_and_what_leads_to_them_are_not_the_programs():
    changes = added("/var/lib/app", "/var/lib/app/data", "/etc/app", "/etc/app/app.conf")
    assert written(changes, "/var/lib/app/data", "/etc/app/app.conf") == []


def test_what_lies_beside_a_mount_is_a_write():
    changes = added("/data", "/data/store", "/data/lock")
    assert written(changes, "/data/store/") == ["/data/lock"]


def test_what_engines_put_there_is_not_the_programs():
    changes = changed("/etc") + added(
        "/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/dev/console", "/.dockerenv"
    )
    assert written(changes) == []


def test_a_folder_with_nothing_in_it_was_made_by_somebody():
    assert written(added("/srv/uploads")) == ["/srv/uploads"]


def test_the_list_is_cut_and_the_count_is_not():
    found = outside(added(*(f"/srv/{number:04}" for number in range(250))), [])
    assert found.count == 250
    assert len(found.paths) == 100
    assert found.folders == (Folder("/srv", 250),)


def test_nothing_written_is_nothing():
    assert outside([], []) == Writes(0, (), ())


def test_folders_are_as_deep_as_their_number_allows():
    packages = [f"/usr/lib/python3/{name}/f{number}" for name in "abcd" for number in range(9)]
    found = fold([*packages, "/root/.cache/x", "/usr/bin/tool"], 3)
    assert found == [
        Folder("/usr/lib/python3", 36),
        Folder("/root/.cache/x", 1),
        Folder("/usr/bin/tool", 1),
    ]


paths = st.lists(
    st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map(
        lambda parts: "/" + "/".join(parts)
    ),
    max_size=20,
    unique=True,
)


@given(paths, st.integers(1, 8))
def test_folders_hold_every_path_once(some, most):
    leaves = [one for one in some if not any(other.startswith(f"{one}/") for other in some)]
    found = fold(leaves, most)
    assert len(found) <= most
    assert sum(one.paths for one in found) == len(leaves)
    for path in leaves:
        holders = [one for one in found if f"{path}/".startswith(f"{one.path.rstrip('/')}/")]
        assert len(holders) == 1
