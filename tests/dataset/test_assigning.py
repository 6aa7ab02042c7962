"""Whole documents in train, validation or test: by group, across layers, for good."""

import json
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from lamina.dataset.assigned import Assigned, remembered, take_over
from lamina.dataset.assigning import assign
from lamina.dataset.groups import BINDING, Shared
from lamina.dataset.settings import DatasetSettings
from lamina.fingerprint import text_digest
from lamina.store import Store

SETTINGS = DatasetSettings()
NOTHING = Assigned()
Sizes = dict[str, int]


def named(*names: object, size: int = 5000) -> Sizes:
    return {text_digest(str(name)): size for name in names}


def bound(documents: Iterable[str]) -> Shared:
    ordered = sorted(documents)
    return dict.fromkeys(pairwise(ordered), BINDING)


def alone(sizes: Sizes, before: Assigned = NOTHING) -> Assigned:
    return assign({"Leases": sizes}, before, {}, SETTINGS)


corpora = st.dictionaries(
    st.sampled_from("ABCD"),
    st.dictionaries(st.integers(0, 30), st.integers(200, 50_000), min_size=1, max_size=20).map(
        lambda sizes: {text_digest(str(name)): size for name, size in sizes.items()}
    ),
    min_size=1,
)


@given(corpora, st.data())
def test_every_layer_can_be_trained_and_a_small_one_has_no_test(
    layers: dict[str, Sizes], data: st.DataObject
) -> None:
    everything = sorted({document for sizes in layers.values() for document in sizes})
    group = data.draw(st.sets(st.sampled_from(everything)))

    found = assign(layers, NOTHING, bound(group), SETTINGS)

    assert sum(map(len, (found.train, found.validation, found.test))) == len(everything)
    assert len({found.part(document) for document in group}) <= 1
    for sizes in layers.values():
        assert sizes.keys() & found.train
        assert len(sizes) >= SETTINGS.test_documents or not sizes.keys() & found.test
        assert sizes.keys() & (found.validation | found.sectioned)


@given(corpora, st.data())
def test_what_has_a_part_keeps_it_whatever_comes_and_goes(
    layers: dict[str, Sizes], data: st.DataObject
) -> None:
    before = NOTHING
    for _ in range(4):
        there = data.draw(st.sets(st.sampled_from(sorted(layers)), min_size=1))
        after = assign({name: layers[name] for name in there}, before, {}, SETTINGS)

        assert before.train <= after.train
        assert before.validation <= after.validation
        assert before.test <= after.test
        assert before.sectioned <= after.sectioned
        before = after


def test_one_or_two_documents_give_a_section_each() -> None:
    for count in (1, 2):
        sizes = named(*range(count))

        assert alone(sizes) == Assigned(train=frozenset(sizes), sectioned=frozenset(sizes))


def test_three_documents_have_one_in_the_test_and_sections_for_validation() -> None:
    found = alone(named(1, 2, 3))

    assert (len(found.test), len(found.validation)) == (1, 0)
    assert found.sectioned == found.train


def test_from_five_documents_on_whole_ones_are_for_validation() -> None:
    found = alone(named(1, 2, 3, 4, 5))

    assert (len(found.test), len(found.validation), len(found.sectioned)) == (1, 1, 0)


def test_about_a_tenth_of_many_documents_is_in_each_part() -> None:
    found = alone(named(*range(1000)))

    assert 90 <= len(found.test) <= 110
    assert 90 <= len(found.validation) <= 110


def test_a_group_is_in_one_part_across_all_layers() -> None:
    layers = {name: named(*(f"{name} {n}" for n in range(6))) for name in ("A", "B", "C")}
    group = [min(sizes) for sizes in layers.values()]

    found = assign(layers, NOTHING, bound(group), SETTINGS)

    assert len({found.part(document) for document in group}) == 1


def test_a_group_that_is_all_of_one_layer_is_trained_on_however_well_it_suits_others() -> None:
    small = named("a", "b", "c", size=100)
    layers = {
        name: {document: 1000} | named(f"{name} 1", f"{name} 2", size=4500)
        for name, document in zip("ABC", small, strict=True)
    }

    found = assign({"Small": small, **layers}, NOTHING, bound(small), SETTINGS)

    assert small.keys() <= found.train


def test_a_layer_of_one_group_is_all_trained_on() -> None:
    sizes = named(*range(6))

    found = assign({"Leases": sizes}, NOTHING, bound(sizes), SETTINGS)

    assert (found.train, found.sectioned) == (frozenset(sizes), frozenset(sizes))


def test_another_year_of_a_test_document_joins_it() -> None:
    sizes = named(*range(6))
    before = alone(sizes)
    (tested,) = before.test
    (year,) = named("another year")

    after = assign({"Leases": sizes | {year: 5000}}, before, bound([tested, year]), SETTINGS)

    assert after.part(year) == "test"


def test_the_only_document_of_a_layer_is_trained_on_even_so() -> None:
    sizes = named(*range(6))
    before = alone(sizes)
    (tested,) = before.test
    (year,) = named("another year")

    after = assign({"Leases": sizes, "Tax": {year: 5000}}, before, bound([tested, year]), SETTINGS)

    assert after.part(year) == "train"


def test_a_layer_that_grows_gets_its_test_and_keeps_its_sections() -> None:
    two, three = named(1, 2), named(1, 2, 3)

    after = alone(three, alone(two))

    assert after.test == three.keys() - two.keys()
    assert after.sectioned == two.keys()


def test_nothing_is_held_out_when_nothing_shall_be() -> None:
    sizes = named(*range(9))

    found = assign({"Leases": sizes}, NOTHING, {}, DatasetSettings(heldout_share=0))

    assert found == Assigned(train=frozenset(sizes))


def test_the_parts_are_remembered_by_the_store(tmp_path: Path) -> None:
    found = alone(named(*range(9)))
    with remembered(Store(tmp_path)) as memory:
        memory.put(found)

    with remembered(Store(tmp_path)) as memory:
        assert memory.get() == found


def test_what_an_older_version_held_out_is_the_test(tmp_path: Path) -> None:
    store = Store(tmp_path)
    old = {"whole": ["a"], "sectioned": ["b"]}
    (store.root / "held_out").mkdir(parents=True)
    (store.root / "held_out" / "Leases.json").write_text(json.dumps(old))

    with remembered(store) as memory:
        known = memory.get()

    assert (known.part("a"), known.part("b"), known.sectioned) == ("test", "train", {"b"})


def test_what_another_store_tests_is_not_trained_on(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with remembered(store) as memory:
        memory.put(Assigned(train=frozenset("ab"), sectioned=frozenset("a")))

    take_over(store, Assigned(test=frozenset("a"), validation=frozenset("b")))

    with remembered(store) as memory:
        known = memory.get()
    assert (known.part("a"), known.part("b"), known.sectioned) == ("test", "validation", set())
