"""As whom a container runs, by its own files and by what the case says."""

from __future__ import annotations

import pytest

from bench.trial.cause.users import entries, user_of

PASSWD = entries(b"root:x:0:0::/:/bin/sh\napp:x:1000:1000::/:/bin/sh\n")
GROUP = entries(b"root:x:0:\napp:x:1000:\nsrv:x:2000:app\nweb:x:3000:\n")


@pytest.mark.parametrize(
    ("given", "further", "user_id", "groups"),
    [
        ("app", (), 1000, {1000, 2000}),
        ("1000", (), 1000, {1000, 2000}),
        ("1000:4000", (), 1000, {1000, 2000, 4000}),
        ("app:web", (), 1000, {1000, 2000, 3000}),
        ("77", (), 77, set()),
        ("77", ("2000", "web"), 77, {2000, 3000}),
    ],
)
def test_a_user_has_all_groups_that_a_runtime_gives_it(given, further, user_id, groups):
    user = user_of(given, further, PASSWD, GROUP)
    assert user.user_id == user_id
    assert user.groups >= groups
