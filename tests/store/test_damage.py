"""What the store gives is whole: damage is noticed, and what is not whole is not there."""

import os

import pytest
from scale import STAGE, Scale

from lamina.artifacts import ArtifactRef
from lamina.errors import DamagedError, NotFoundError
from lamina.store import MANIFEST, Store
from lamina.store.lookup import mismatch


def test_a_flipped_byte_is_noticed_and_the_stage_runs_again(store: Store) -> None:
    scale = Scale()
    ref = store.once("weight", STAGE, {"item": "a"}, scale)
    path = store.path(ref) / "weight.txt"

    path.write_text("13 kg")

    assert not store.holds(ref)
    with pytest.raises(DamagedError, match=r"weight\.txt has another content"):
        store.open(ref)
    assert store.once("weight", STAGE, {"item": "a"}, scale) == ref
    assert scale.runs == 2
    assert path.read_text() == "12 kg"


def test_a_deleted_artifact_is_made_again(store: Store) -> None:
    scale = Scale()
    ref = store.once("weight", STAGE, {"item": "a"}, scale)
    (store.path(ref) / "weight.txt").unlink()

    assert store.recall(STAGE, {"item": "a"}) is None
    store.once("weight", STAGE, {"item": "a"}, scale)

    assert store.holds(ref)


def test_what_is_recalled_with_its_manifest_is_whole(store: Store) -> None:
    ref = store.once("weight", STAGE, {"item": "a"}, Scale())
    recalled = store.recall_manifest(STAGE, {"item": "a"})
    assert recalled == store.manifest(ref)
    assert store.recall_manifest(STAGE, {"item": "b"}) is None

    (store.path(ref) / "weight.txt").write_text("13 kg and more")

    assert store.recall_manifest(STAGE, {"item": "a"}) is None


def test_damage_that_hides_behind_equal_size_and_time_is_found_by_its_digest(store: Store) -> None:
    ref = store.once("weight", STAGE, {"item": "a"}, Scale())
    path = store.path(ref) / "weight.txt"
    status = path.stat()
    with path.open("r+") as file:
        file.write("13")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))

    assert mismatch(store.path(ref), store.manifest(ref)) == "weight.txt has another content"


def test_without_a_manifest_nothing_is_there(store: Store) -> None:
    ref = store.once("weight", STAGE, {"item": "a"}, Scale())
    (store.path(ref) / MANIFEST).unlink()

    with pytest.raises(NotFoundError, match="is not in the store"):
        store.open(ref)


def test_the_manifest_of_another_artifact_is_damage(store: Store) -> None:
    ref = store.once("weight", STAGE, {"item": "a"}, Scale())
    other = store.once("weight", STAGE, {"item": "b"}, Scale("13 kg"))
    (store.path(ref) / MANIFEST).write_bytes((store.path(other) / MANIFEST).read_bytes())

    with pytest.raises(DamagedError, match="is another one's"):
        store.open(ref)
    assert store.holds(other)


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "A" * 64, "0" * 63])
def test_a_reference_holds_nothing_but_a_digest(digest: str) -> None:
    with pytest.raises(ValueError, match="sha256"):
        ArtifactRef(kind="weight", digest=digest)
