"""Which code this is, and when another is another."""

from collections.abc import Iterator

import pytest

from lamina import __version__, version


@pytest.fixture(autouse=True)
def _anew() -> Iterator[None]:
    forget = version.commit.cache_clear
    forget()
    yield
    forget()


def test_what_an_image_says_of_itself_goes_before_the_checkout(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LAMINA_COMMIT", "0123456789ab")

    assert version.code_version() == "0123456789ab"


@pytest.mark.parametrize(
    ("here", "there", "other"),
    [
        ("0123456789ab", "fedcba987654", True),
        ("0123456789ab", "0123456789ab", False),
        ("0123456789ab", __version__, False),  # deployed where nobody knew the commit
        ("0123456789ab", None, False),
        ("", "fedcba987654", False),
    ],
)
def test_only_two_commits_that_are_known_differ(
    monkeypatch: pytest.MonkeyPatch, here: str, there: str | None, *, other: bool
) -> None:
    monkeypatch.setattr(version, "commit", lambda: here)

    assert version.is_other_code(there) is other
