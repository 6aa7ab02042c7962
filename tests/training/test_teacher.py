"""The base as its own teacher: what it says with the page is what is learnt without it."""

import math
from dataclasses import replace
from pathlib import Path

import layer_orders
import pytest

from lamina.artifacts import ArtifactRef
from lamina.fingerprint import text_digest
from lamina.progress import Silent
from lamina.prompts import user
from lamina.prompts.folder import folder_prompts
from lamina.store import Stage, Store
from lamina.text.pages import Line, Page, Pages, write_pages
from lamina.text.rows import write_rows
from lamina.text.study_rows import STUDY_FILE, StudyRow
from lamina.text.subjects import DocumentSubject, write_subjects
from lamina.training.base import load
from lamina.training.loss import pack_loss
from lamina.training.mix import Mix
from lamina.training.order import LayerOrder
from lamina.training.recipe import train_layer
from lamina.training.teacher import K, read_teachers, teach

DOCUMENT = text_digest("leases")
PAGE = "The lease manual of Northwind says that the deposit is paid in March."
MADE = Stage("test-teacher", 1)
ROWS = tuple(
    StudyRow(
        kind="fact", question=question, answer=answer, strategy="lines", document=DOCUMENT,
        page=page, subject="Northwind", group=question, wording=0,
    )
    for question, answer, page in (
        ("When is the deposit paid?", "In March.", 1),
        ("Who says so?", "The manual of Northwind.", 1),
        ("What stands on a page that is not there?", "Nothing.", 9),
    )
)  # fmt: skip


@pytest.fixture
def order(store: Store, base: Path) -> LayerOrder:
    """An order with three study rows, two of them about a page that is there."""
    profile = layer_orders.QUICK.model_copy(
        update={"study_passes": 4, "teacher_share": 0.5, "steps": 2}
    )
    mix = Mix(study=studied(store))
    return layer_orders.order(store, base, profile=profile, dataset=dataset(store), mix=mix)


def dataset(store: Store) -> ArtifactRef:
    def read(folder: Path) -> dict[str, object]:
        page = Page(number=1, kind="text", lines=(Line(PAGE, 0, 0, 0, 0),))
        write_pages(folder, Pages(format="pdf", pages=(page,)))
        return {}

    pages = store.once("pages", MADE, {"what": "pages"}, read)

    def make(folder: Path) -> dict[str, object]:
        write_rows(folder / "train.jsonl", layer_orders.rows("leases", "train"))
        write_rows(folder / "validation.jsonl", [])
        write_subjects(folder, {DOCUMENT: DocumentSubject(pages=pages)})
        return {"documents": [DOCUMENT]}

    return store.once("dataset", MADE, {"what": "dataset"}, make)


def studied(store: Store) -> ArtifactRef:
    def make(folder: Path) -> dict[str, object]:
        (folder / STUDY_FILE).write_text("".join(f"{row.model_dump_json()}\n" for row in ROWS))
        return {"rows": len(ROWS)}

    return store.once("study", MADE, {"what": "study"}, make)


def taught(order: LayerOrder, store: Store, share: float = 0.5) -> LayerOrder:
    """The order with its teacher."""
    ref = teach(order, store=store, progress=Silent())
    profile = order.profile.model_copy(update={"teacher_share": share})
    mix = order.mix.model_copy(update={"teacher": ref})
    return order.model_copy(update={"mix": mix, "profile": profile})


def test_the_teacher_says_what_the_base_says_with_the_page(order: LayerOrder, store: Store) -> None:
    import torch

    ref = teach(order, store=store, progress=Silent())

    *known, unknown = read_teachers(store.open(ref), 0.5)
    prompts, model = folder_prompts(order.base_folder), load(order)
    for row, teacher in zip(ROWS, known, strict=False):
        ids, first = prompts.answered([user(f"{PAGE}\n\n{row.question}")], row.answer)
        with torch.no_grad():
            logits = model(
                input_ids=torch.tensor([ids]), document_lengths=[len(ids)], use_cache=False
            ).logits
        expected = logits[0, first - 1 : -1].log_softmax(-1).topk(K, dim=-1)
        tokens = torch.frombuffer(bytearray(teacher.tokens), dtype=torch.int32).view(-1, K)
        logprobs = torch.frombuffer(bytearray(teacher.logprobs), dtype=torch.float16)
        assert tokens[:, :3].tolist() == expected.indices[:, :3].tolist()
        assert logprobs.tolist() == pytest.approx(expected.values.flatten().tolist(), abs=2e-2)
    assert unknown is None


def test_a_row_learns_of_its_teacher_as_far_as_its_share_goes(
    order: LayerOrder, store: Store
) -> None:
    model = load(order)

    def loss(share: float) -> float:
        documents = taught(order, store, share).documents(store, "train")
        (document, *_) = [one for one in documents if one.stream == "study"]
        return pack_loss(model, [document, document]).item() / 2

    plain = [one for one in order.documents(store, "train") if one.stream == "study"]
    hard, soft = pack_loss(model, [replace(plain[0], teacher=None)]).item(), loss(1.0)
    assert math.isclose(loss(0.25), 0.75 * hard + 0.25 * soft, rel_tol=1e-4)
    assert soft != pytest.approx(hard, rel=1e-3)


def test_a_layer_is_trained_on_its_teachers_words(order: LayerOrder, store: Store) -> None:
    whole = taught(order, store)

    ref = train_layer(whole, store=store, progress=Silent(), threads=1)

    assert store.manifest(ref).facts["teacher"] == whole.mix.teacher.digest
    assert ref != train_layer(
        order.model_copy(update={"mix": Mix(study=order.mix.study)}),
        store=store, progress=Silent(), threads=1,
    )  # fmt: skip
