"""Folding, other types and their names, from published layers on."""

import json
import os

import layer_orders
import pytest

from lamina.conversion.layer_files import open_layer
from lamina.errors import InvalidInputError, NotFoundError
from lamina.gguf import read_header
from lamina.serving.layers.finding import Finder
from lamina.stages import corpus, layers, models
from lamina.stages.pod import Pod
from lamina.text.rows import read_rows

pytestmark = pytest.mark.usefixtures("here")


def test_a_folded_blend_is_published_like_any_layer(pod: Pod) -> None:
    folded = models.fold_blend(pod, "both", "leases:0.6+goodwill:0.4")
    layers.publish_layers(pod, {"both": folded}, layers.export_layers(pod, [folded]))

    assert "both" in layers.trained_layers(pod, [])
    header = read_header(pod.workspace.adapters_gguf / "both.gguf")
    assert header.number("adapter.lora.alpha") == 2 * layer_orders.QUICK.rank
    assert open_layer(folded, pod.store).passport.heldout_loss is None
    finder = Finder({"both": header.text("lamina.profile")})
    questions = [question for question, _ in layer_orders.FACTS.values()]
    assert {finder.route([one]).layer for one in questions} == {"both"}


def test_a_folded_layer_stands_on_its_parents_rows(pod: Pod) -> None:
    folded = models.fold_blend(pod, "both", "leases:0.6+goodwill:0.4")
    dataset = layers.passport(pod, folded).dataset

    rows = read_rows(pod.store.root / "dataset" / dataset / "validation.jsonl")

    assert {row.layer for row in rows} == {"leases", "goodwill"}
    assert len(layers.passport(pod, folded).documents) == 2


def test_a_trained_layers_name_is_not_taken_by_a_folded_one(pod: Pod) -> None:
    with pytest.raises(InvalidInputError, match="goodwill is a trained layer"):
        models.fold_blend(pod, "goodwill", "leases:0.6")


def test_a_blend_of_a_layer_that_is_not_there_is_not_folded(pod: Pod) -> None:
    with pytest.raises(NotFoundError, match="layer debt is not trained"):
        models.fold_blend(pod, "both", "leases:0.6+debt:0.4")


def test_another_type_is_put_beside_the_served_base(pod: Pod) -> None:
    base = corpus.find_base(pod)

    served = models.publish_base(pod, models.convert_base(pod, base))
    beside = models.publish_base(pod, models.convert_base(pod, base, "Q5_K_M"))

    assert served == pod.workspace.base_gguf(pod.settings)
    assert beside.name == "miniature.Q5_K_M.gguf"
    assert os.path.realpath(served) != os.path.realpath(beside)


def test_a_merged_model_is_converted_to_any_type(pod: Pod) -> None:
    names, merged = models.merge_best(pod, corpus.find_base(pod), ["leases"])

    path = models.convert_published_merge(pod, "Q8_0")

    assert path.name == "miniature+leases.Q8_0.gguf"
    assert json.loads(read_header(path).text("lamina.layers")) == list(names) == ["leases"]
    assert pod.store.holds(merged)


def test_layers_are_merged_with_weights(pod: Pod) -> None:
    _, merged = models.merge_best(pod, corpus.find_base(pod), ["leases:0.5", "goodwill"])

    path = models.convert_published_merge(pod)

    held = pod.store.manifest(merged).facts
    assert dict(zip(held["layers"], held["weights"], strict=True)) == {"leases": 0.5, "goodwill": 1}
    assert set(path.name.removesuffix(".Q4_K_M.gguf").split("+")) == {
        "miniature", "leases-0.5", "goodwill",
    }  # fmt: skip


def test_the_base_is_weighed_by_a_published_layers_text(pod: Pod) -> None:
    matrix = models.importance_of(pod, corpus.find_base(pod), "leases")

    facts = pod.store.manifest(matrix).facts
    assert facts["weights"] == 14
    assert facts["tokens"] > 50
