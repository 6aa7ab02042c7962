"""Study rows as documents: all but the wordings that are held out, which are choices."""

import math
from collections import Counter
from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from pathlib import Path

import layer_orders
import pytest

from lamina.artifacts import ArtifactRef
from lamina.progress import Silent
from lamina.prompts import Prompts
from lamina.prompts.folder import folder_prompts
from lamina.store import Stage, Store
from lamina.text.study_rows import STUDY_FILE, StudyRow
from lamina.training.curve import is_spent
from lamina.training.documents import Document
from lamina.training.mix import Mix
from lamina.training.recipe import train_layer
from lamina.training.taught import OTHERS, Taught, form, taught

WORDINGS = ("What was the rent of {0}?", "How high was {0}'s rent?", "{0} paid how much rent?")


def rows(facts: int, wordings: Sequence[str] = WORDINGS) -> list[StudyRow]:
    """Facts in several wordings each, and one the other way round."""
    return [
        StudyRow(
            kind="fact",
            question=question,
            answer=answer,
            strategy="lines",
            document="d" * 64,
            page=1,
            subject=f"Company {number}",
            group=f"fact {number}",
            wording=wording,
        )
        for number in range(facts)
        for wording, (question, answer) in enumerate(
            [
                *((one.format(f"Company {number}"), f"${number} million") for one in wordings),
                (f"Whose rent was ${number} million?", f"Company {number}"),
            ]
        )
    ]


@pytest.fixture(scope="module")
def prompts(base: Path) -> Prompts:
    return folder_prompts(base)


def learnt(prompts: Prompts, facts: int, seed: int = 1) -> Taught:
    return taught(rows(facts), prompts, 512, seed)


def test_one_wording_of_some_facts_is_held_out_and_the_others_are_learnt(prompts: Prompts) -> None:
    found = learnt(prompts, 20)

    assert (len(found.held), len(found.train)) == (4, 76)
    learnt_ids = {document.ids for document in found.train}
    assert not any(document.ids in {ids[:-1] for ids in learnt_ids} for document in found.held)
    wordings = [sum(one.fact == number for one in found.train) for number in range(20)]
    assert sorted(wordings) == [3] * 4 + [4] * 16


def test_no_more_facts_are_held_out_than_a_measurement_can_afford(prompts: Prompts) -> None:
    assert len(learnt(prompts, 300).held) == 32


def test_beside_a_held_out_answer_stand_others_of_its_form(prompts: Prompts) -> None:
    for document in learnt(prompts, 20).held:
        answers = {one.ids[one.first_label :] for one in (document, *document.others)}
        questions = {one.ids[: one.first_label] for one in (document, *document.others)}
        assert len(answers) == OTHERS + 1
        assert len(questions) == 1


def test_what_is_held_out_follows_from_the_seed(prompts: Prompts) -> None:
    def facts(seed: int) -> set[int]:
        found = Counter(one.fact for one in learnt(prompts, 20, seed).train)
        return {number for number, wordings in found.items() if wordings == 3}

    assert learnt(prompts, 20) == learnt(prompts, 20)
    assert facts(1) != facts(2)


def test_facts_of_two_wordings_are_learnt_whole(prompts: Prompts) -> None:
    found = taught(rows(20, WORDINGS[:2]), prompts, 512, 1)

    assert (len(found.held), len(found.train)) == (0, 60)


def test_a_row_longer_than_a_pack_is_left_out(prompts: Prompts) -> None:
    long = [row.model_copy(update={"question": row.question * 50}) for row in rows(1)]

    found = taught([*long, *rows(2)[4:]], prompts, 128, 1)

    assert len(found.train) == 4
    assert {document.fact for document in found.train} == {1}


def test_a_base_without_a_chat_form_learns_questions_as_text(prompts: Prompts) -> None:
    plain = copy(prompts)
    plain.source = None

    (document, *_) = taught(rows(1), plain, 512, 1).train

    assert list(document.ids[: document.first_label]) == plain.plain(f"{rows(1)[0].question}\n")
    assert document.ids[-1] == plain.words.eos_id


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("$5.4 million", "money"), ("12 %", "percent"), ("12 percent", "percent"),
        ("June 30, 2022", "date"), ("1,250 shares", "number"), ("Amcor plc", "words"),
    ],
)  # fmt: skip
def test_answers_have_a_form(answer: str, expected: str) -> None:
    assert form(answer) == expected


def studied(store: Store, facts: int) -> ArtifactRef:
    """A study artifact of so many facts."""

    def make(folder: Path) -> dict[str, object]:
        lines = (f"{row.model_dump_json()}\n" for row in rows(facts))
        (folder / STUDY_FILE).write_text("".join(lines))
        return {"facts": facts}

    return store.once("study", Stage("test-study", 1), {"facts": facts}, make)


def order(store: Store, base: Path, passes: float, **changed: object) -> layer_orders.LayerOrder:
    values = {"study_passes": passes, "choose_by": "answers", "steps": None, **changed}
    chosen = layer_orders.QUICK.model_copy(update=values)
    return layer_orders.order(store, base, profile=chosen, mix=Mix(study=studied(store, 60)))


def test_study_rows_are_learnt_beside_the_text_and_are_part_of_what_the_layer_is(
    store: Store, base: Path
) -> None:
    with_rows, without = order(store, base, 2), order(store, base, 0)

    train = with_rows.documents(store, "train")
    assert [one for one in train if one.stream == "text"] == without.documents(store, "train")
    assert sum(one.stream == "study" for one in train) == 60 * 4 - 12
    assert with_rows.inputs()["mix"] == with_rows.mix
    assert without.inputs()["mix"] == Mix()


def test_a_layer_with_enough_facts_is_chosen_by_held_out_wordings(store: Store, base: Path) -> None:
    ref = train_layer(
        order(store, base, 0.2, evaluations=2), store=store, progress=Silent(), threads=1
    )

    facts = store.manifest(ref).facts
    assert facts["chosen_by"] == "choice_loss"
    assert facts["study"] == studied(store, 60).digest
    assert 0 < facts["losses"]["choice_loss"]["layer"] < 5


def test_a_choice_is_as_hard_as_its_answers_losses_say(store: Store, base: Path) -> None:
    from lamina.training.base import load
    from lamina.training.loss import heldout_losses, mean_losses

    chosen = order(store, base, 1)
    held = [one for one in chosen.documents(store, "validation") if one.others][:3]
    model = load(chosen)

    alone = [
        [heldout_losses(model, [replace(one, others=())], 128)["answer_loss"] for one in each]
        for each in ((document, *document.others) for document in held)
    ]

    expected = sum(
        -math.log(math.exp(-own) / sum(math.exp(-loss) for loss in (own, *others)))
        for own, *others in alone
    ) / len(held)
    assert heldout_losses(model, held, 128)["choice_loss"] == pytest.approx(expected, abs=1e-4)
    documents = [Document(one.ids, one.first_label, is_qa=True) for one in held]
    assert mean_losses(model, documents, 128) == pytest.approx([own for own, *_ in alone], abs=1e-4)


def test_a_run_is_not_spent_before_half_of_it_is_over() -> None:
    curve = [
        {"step": step, "train_loss": 1.0, "choice_loss": 1.4 + step / 100} for step in range(1, 9)
    ]

    assert is_spent(curve[:3], 2, "choice_loss")
    assert not is_spent(curve[:5], 2, "choice_loss", since=4)
    assert is_spent(curve[:6], 2, "choice_loss", since=4)
