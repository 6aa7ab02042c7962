"""What counts as the same input."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import BaseModel

from lamina.artifacts import ArtifactRef
from lamina.fingerprint import Digests, identity, stage_key

REF = ArtifactRef(kind="pages", digest="0" * 64)


class Document(BaseModel):
    path: str
    digest: str

    def content_identity(self) -> object:
        return self.digest


class Order(BaseModel):
    rank: int
    dataset: ArtifactRef


def test_order_of_names_does_not_matter() -> None:
    assert stage_key("s", 1, {"a": 1, "b": 2}) == stage_key("s", 1, {"b": 2, "a": 1})


@pytest.mark.parametrize(
    "other",
    [("t", 1, {"a": 1}), ("s", 2, {"a": 1}), ("s", 1, {"a": 2}), ("s", 1, {"b": 1})],
)
def test_stage_version_name_and_value_each_make_another_key(
    other: tuple[str, int, dict[str, object]],
) -> None:
    assert stage_key("s", 1, {"a": 1}) != stage_key(*other)


def test_a_renamed_document_is_the_same_input() -> None:
    here, there = Document(path="a.pdf", digest="d"), Document(path="b.pdf", digest="d")

    assert identity(here) == identity(there)


def test_references_nested_in_models_count() -> None:
    first = Order(rank=8, dataset=REF)
    second = Order(rank=8, dataset=ArtifactRef(kind="pages", digest="1" * 64))

    assert stage_key("s", 1, {"order": first}) != stage_key("s", 1, {"order": second})


def test_a_moment_counts() -> None:
    then, later = (datetime(2026, 11, day, tzinfo=UTC) for day in (26, 27))

    assert stage_key("qa", 1, {"at": then}) != stage_key("qa", 1, {"at": later})


@pytest.mark.parametrize("value", [Path("a.pdf"), object(), b"bytes"])
def test_what_has_no_content_identity_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="cannot enter a cache key"):
        identity(value)


def test_a_changed_file_is_hashed_again(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("one")
    digests = Digests(tmp_path / "memory.json")
    before = digests(file)
    digests.save()

    file.write_text("two")

    assert Digests(tmp_path / "memory.json")(file) != before


def test_an_unchanged_file_is_remembered_across_processes(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("one")
    digests = Digests(tmp_path / "memory.json")
    before = digests(file)
    digests.save()
    remembered = Digests(tmp_path / "memory.json")

    assert remembered(file) == before
    assert (tmp_path / "memory.json").read_text().count(before) == 1


def test_a_damaged_memory_costs_only_time(tmp_path: Path) -> None:
    (tmp_path / "memory.json").write_text("{")
    file = tmp_path / "a"
    file.write_text("one")

    assert len(Digests(tmp_path / "memory.json")(file)) == 64
