from __future__ import annotations

import pytest

from bench.core.image_reference import split_reference

DIGEST = "sha256:" + "ab" * 32


@pytest.mark.parametrize(
    ("reference", "repository", "tag"),
    [
        ("web", "web", "latest"),
        ("web:1.2", "web", "1.2"),
        ("library/web:1.2", "library/web", "1.2"),
        ("127.0.0.1:5591/web", "127.0.0.1:5591/web", "latest"),
        ("127.0.0.1:5591/quick/web:1.2", "127.0.0.1:5591/quick/web", "1.2"),
        ("[::1]:5591/web:1.2", "[::1]:5591/web", "1.2"),
        (f"web@{DIGEST}", "web", DIGEST),
        (f"127.0.0.1:5591/web@{DIGEST}", "127.0.0.1:5591/web", DIGEST),
        (f"host:5000/web:1.2@{DIGEST}", "host:5000/web:1.2", DIGEST),
    ],
)
def test_a_reference_splits_into_repository_and_tag_or_digest(reference, repository, tag):
    assert split_reference(reference) == (repository, tag)
