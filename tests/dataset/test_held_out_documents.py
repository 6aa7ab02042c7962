"""Where a layer has several documents, whole ones are held out, for good."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from lamina.dataset.heldout import HeldOut, choose, remembered
from lamina.dataset.settings import DatasetSettings
from lamina.fingerprint import text_digest
from lamina.store import Store

SETTINGS = DatasetSettings()
NOTHING = HeldOut()
Sizes = dict[str, int]
layers = st.lists(st.integers(200, 100_000), min_size=1, max_size=40).map(
    lambda sizes: {text_digest(str(number)): size for number, size in enumerate(sizes)}
)


def share(sizes: Sizes, held: HeldOut) -> float:
    return sum(sizes[document] for document in held.whole) / sum(sizes.values())


def documents(count: int, size: int = 5000) -> Sizes:
    return {text_digest(str(number)): size for number in range(count)}


def test_one_or_two_documents_give_a_section_each() -> None:
    for count in (1, 2):
        sizes = documents(count)

        assert choose(sizes, NOTHING, SETTINGS) == HeldOut(sectioned=frozenset(sizes))


@given(layers)
def test_a_layer_of_three_or_more_has_a_document_held_out_and_one_left(sizes: Sizes) -> None:
    held = choose(sizes, NOTHING, SETTINGS)

    assert bool(held.whole) == (len(sizes) >= 3)
    assert len(held.whole) < len(sizes)


@given(layers)
def test_no_more_than_a_fifth_is_held_out_unless_the_smallest_alone_is_more(sizes: Sizes) -> None:
    held = choose(sizes, NOTHING, SETTINGS)

    smallest = min(sizes.values()) / sum(sizes.values())
    assert share(sizes, held) <= max(0.2, smallest) + 1e-9


def test_about_a_tenth_of_many_documents_is_held_out() -> None:
    assert 0.09 < share(documents(1000), choose(documents(1000), NOTHING, SETTINGS)) < 0.12


@given(layers, st.data())
def test_what_was_held_out_stays_so_whatever_comes_and_goes(
    sizes: Sizes, data: st.DataObject
) -> None:
    before = NOTHING
    for _ in range(4):
        there = data.draw(st.sets(st.sampled_from(sorted(sizes)), min_size=1))
        after = choose({name: sizes[name] for name in there}, before, SETTINGS)

        assert before.whole & there <= after.whole
        assert before.sectioned & there <= after.sectioned | after.whole
        before = HeldOut(
            whole=before.whole | after.whole, sectioned=before.sectioned | after.sectioned
        )


def test_a_layer_that_grows_gets_its_document_and_keeps_its_sections() -> None:
    two, three = documents(2), documents(3)
    before = choose(two, NOTHING, SETTINGS)

    after = choose(three, before, SETTINGS)

    assert len(after.whole) == 1
    assert after.sectioned == two.keys() - after.whole


def test_the_choice_is_remembered_by_the_store(tmp_path: Path) -> None:
    store = Store(tmp_path)
    sizes = documents(40)
    held = remembered(store, "Leases", sizes, SETTINGS)
    few = {name: sizes[name] for name in sorted(held.whole)}

    assert remembered(store, "Leases", few, SETTINGS).whole == held.whole
    assert remembered(Store(tmp_path), "Leases", sizes, SETTINGS) == held


def test_nothing_is_held_out_when_nothing_shall_be() -> None:
    assert choose(documents(9), NOTHING, DatasetSettings(heldout_share=0)) == NOTHING
