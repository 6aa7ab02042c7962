"""Bases under their names: added, chosen, shown to every stage, and taken away."""

import json
import shutil
from pathlib import Path

import pytest
import tiny_models
from pods import pod_on

from lamina.artifacts import ArtifactRef
from lamina.bases import shelf
from lamina.doctor.models import examine_models
from lamina.errors import InvalidInputError, NotFoundError
from lamina.gguf import read_header
from lamina.passport import Passport, identify_gguf, identify_hf
from lamina.safetensors_stream import read_entries
from lamina.stages import corpus
from lamina.stages import models as model_stages
from lamina.stages.bases import Added, add_base
from lamina.stages.pod import Pod


def again(pod: Pod, **chosen: object) -> Pod:
    """The same workspace, opened anew."""
    return pod_on(pod.workspace.root, **chosen)


@pytest.fixture(scope="module")
def shared(
    models: dict[str, tiny_models.Pair], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Pod, Added]:
    """A workspace whose only base came from a GGUF file in Q8_0."""
    root = tmp_path_factory.mktemp("shelf")
    pod = pod_on(root / "ws")
    file = tiny_models.quantized(models["Mistral"], "Q8_0", root / "tiny-mistral.Q8_0.gguf")
    return pod, add_base(pod, str(file))


def test_the_first_base_is_in_use_under_its_files_name(shared: tuple[Pod, Added]) -> None:
    pod, added = shared

    now = again(pod)

    assert added.name == "tiny-mistral"
    assert added.in_use
    assert now.workspace.base == pod.workspace.bases / "tiny-mistral"
    assert corpus.find_base(now).name == "tiny-mistral"


def test_what_is_served_is_the_file_that_was_given_and_says_which_base_it_is(
    shared: tuple[Pod, Added],
) -> None:
    pod, added = shared
    served = again(pod).workspace.base_gguf(pod.settings)

    header = read_header(served)
    base = identify_hf(pod.workspace.bases / "tiny-mistral")

    assert added.ftype == "Q8_0"
    assert identify_gguf(header) == base.model_copy(update={"architecture": "llama"})
    assert base.quantized_from == "Q8_0"
    given = _given(pod).read_bytes()
    weights = len(given) - min(one.offset for one in read_header(_given(pod)).tensors.values())
    assert served.read_bytes()[-weights:] == given[-weights:]
    given_name = read_header(_given(pod)).text("general.name")
    assert header.text("general.name") == given_name != "tiny-mistral"  # a new one would be it
    assert model_stages.served_base(again(pod), base) == added.gguf  # nothing is converted again


def test_publishing_what_is_served_already_makes_no_second_link(
    shared: tuple[Pod, Added],
) -> None:
    class Passed(ArtifactRef):
        """As flows pass references on: of a type of their own."""

    pod, added = shared
    view = model_stages.publish_base(again(pod), Passed(**added.gguf.model_dump()), replace=False)

    assert view == pod.workspace.bases / "tiny-mistral.gguf"
    assert sorted(path.name for path in pod.workspace.models.iterdir()) == ["base", "bases"]


def test_training_says_in_the_passport_that_the_base_was_quantized(
    shared: tuple[Pod, Added],
) -> None:
    pod, _ = shared
    base = corpus.find_base(again(pod))
    papers = passport(base.digest or "", base.fingerprint)

    told = papers.model_copy(update={"base_quantized_from": base.quantized_from})

    assert told.metadata()["lamina.base_quantized_from"] == "Q8_0"
    assert "lamina.base_quantized_from" not in papers.metadata()


def test_adding_the_same_file_again_changes_nothing(shared: tuple[Pod, Added]) -> None:
    pod, added = shared
    folder = pod.workspace.bases / "tiny-mistral"
    before = folder.readlink()

    (entry, *_) = read_entries(folder / "model.safetensors")
    assert entry.dtype == "BF16"
    assert add_base(again(pod), str(_given(pod))).base == added.base
    assert folder.readlink() == before


def _given(pod: Pod) -> Path:
    return pod.workspace.root.parent / "tiny-mistral.Q8_0.gguf"


def test_a_name_that_stands_for_another_base_is_not_taken_over(
    shared: tuple[Pod, Added], models: dict[str, tiny_models.Pair]
) -> None:
    pod, _ = shared

    with pytest.raises(InvalidInputError, match="tiny-mistral stands for another base"):
        add_base(again(pod), str(models["Qwen2"].gguf), "tiny-mistral")


def test_another_base_waits_until_it_is_used(
    shared: tuple[Pod, Added], models: dict[str, tiny_models.Pair]
) -> None:
    pod, _ = shared

    other = add_base(again(pod), str(models["Qwen2"].folder), "other")
    assert not other.in_use
    assert other.ftype == "Q8_0"  # 64 is no multiple of 256
    shelf.use(pod.workspace, "other")

    assert again(pod).workspace.base.name == "other"
    assert again(pod).workspace.base_gguf(pod.settings).name == "other.gguf"
    shelf.use(pod.workspace, "tiny-mistral")
    shelf.remove(again(pod).workspace, "other")
    assert [one.name for one in shelf.shelved(pod.workspace)] == ["tiny-mistral"]


def test_the_environment_wins_and_may_name_a_base_of_the_shelf(shared: tuple[Pod, Added]) -> None:
    pod, _ = shared

    assert again(pod, base_model="tiny").workspace.base.name == "tiny_base"
    named = again(pod, base_model=Path("tiny-mistral")).workspace
    assert named.base == pod.workspace.bases / "tiny-mistral"
    served = again(pod, model_path=Path("/elsewhere.gguf"))
    assert str(served.workspace.base_gguf(served.settings)) == "/elsewhere.gguf"


def test_a_base_that_a_layer_needs_is_not_removed(shared: tuple[Pod, Added]) -> None:
    pod, added = shared
    layer = pod.workspace.adapters_peft / "Leases"
    layer.mkdir(parents=True)
    papers = passport(str(added.facts["digest"]), str(added.facts["fingerprint"]))
    facts = {"passport": papers.model_dump(mode="json")}
    (layer / "manifest.json").write_text(json.dumps({"facts": facts}))

    with pytest.raises(InvalidInputError, match="tiny-mistral is needed by Leases"):
        shelf.remove(again(pod).workspace, "tiny-mistral")

    shutil.rmtree(layer)
    assert (pod.workspace.bases / "tiny-mistral").is_dir()


def passport(digest: str, fingerprint: str) -> Passport:
    return Passport(
        layer="Leases", base_name="tiny-mistral", base_digest=digest, base_fingerprint=fingerprint,
        architecture="llama", preset="level2", rank=4, alpha=8, dataset="d" * 64, documents=(),
    )  # fmt: skip


def test_a_base_that_was_removed_is_not_in_use(pod: Pod, shared: tuple[Pod, Added]) -> None:
    other, _ = shared
    add_base(pod, str(_given(other)), "short")

    shelf.remove(again(pod).workspace, "short")

    assert not pod.workspace.chosen.is_symlink()
    assert again(pod).workspace.base.name == "hf_mistral"


def test_a_base_that_is_not_there_is_said_with_those_that_are(shared: tuple[Pod, Added]) -> None:
    with pytest.raises(NotFoundError, match=r"base nothing was not added.*tiny-mistral"):
        shelf.use(shared[0].workspace, "nothing")


@pytest.mark.parametrize("name", ["../up", "a/b", "tiny", ""])
def test_a_name_that_cannot_be_is_refused(pod: Pod, tmp_path: Path, name: str) -> None:
    (tmp_path / "x.gguf").write_bytes(b"GGUF")

    with pytest.raises(InvalidInputError, match="name"):
        add_base(pod, str(tmp_path / "x.gguf"), name or "..")


def test_a_source_that_is_nothing_names_what_could_be(pod: Pod) -> None:
    with pytest.raises(NotFoundError, match="smollm2"):
        add_base(pod, "smollm9")


def test_the_doctor_knows_the_base_in_use(shared: tuple[Pod, Added]) -> None:
    pod, _ = shared
    now = again(pod)

    base, gguf, *_ = examine_models(now.settings, now.workspace)

    assert base.level == "ok"
    assert "tiny-mistral" in base.sentence
    assert "unpacked from Q8_0" in base.sentence
    assert gguf.level == "ok"


def test_garbage_collection_keeps_a_base_that_has_a_name(shared: tuple[Pod, Added]) -> None:
    from lamina.orders import CollectGarbage
    from lamina.stages.upkeep import gc

    pod, added = shared
    gc(again(pod), CollectGarbage(grace_days=0))

    assert pod.store.holds(ArtifactRef(kind="base", digest=added.base.digest))
    assert pod.store.holds(added.gguf)
