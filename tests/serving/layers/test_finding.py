"""Which layer answers a question, by what the layers were trained on."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamina.passport import profile
from lamina.serving.layers.finding import Finder, asked
from lamina.text.rows import Row

LEASES = (
    "Operating lease cost rose. Weighted-average discount rate of operating leases was 4.0% "
    "and the remaining lease term six years. Variable lease cost and sublease income are shown "
    "beside the right-of-use assets and lease liabilities."
)
PENSIONS = (
    "Net periodic pension cost consists of service cost, interest cost and the expected return on "
    "plan assets. Actuarial losses are amortized. Contributions to the benefit plans follow."
)
INVENTORY = (
    "Inventories are stated at the lower of cost and net realizable value, first-in first-out "
    "being the method. Raw materials, work in process and finished goods are net of obsolescence."
)
OTHER = "Revenue is recognized when control of the product passes to the customer, net of rebates."


def layer(**documents: str) -> str:
    """The profile of a layer; a document is named by whom it speaks of."""
    return profile.of_rows(
        Row(
            layer="any",
            split="train",
            kind="text",
            text=text,
            document=company,
            pages=(1, 1),
            subject=f"{company}, fiscal 2022",
        )
        for company, text in documents.items()
    )


CHANGING = [
    layer(Corning=LEASES),
    layer(Nike=PENSIONS + OTHER),
    layer(Boeing=INVENTORY, Nike=OTHER),
]
ASKED = ["What was Corning's lease cost?", "Of Nike's pension plans and rebates", "Why do we cry?"]


@pytest.fixture(scope="module")
def finder() -> Finder:
    return Finder(
        {
            "Leases": layer(Corning=LEASES, Amcor=LEASES + OTHER),
            "Pensions": layer(Corning=PENSIONS, Nike=PENSIONS + OTHER),
            "Inventory": layer(Boeing=INVENTORY, Nike=INVENTORY + OTHER),
        }
    )


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What discount rate applied to Corning's operating leases?", "Leases"),
        ("Which return on plan assets did Corning expect for its pension plans?", "Pensions"),
        ("Does Boeing state raw materials by the first-in first-out method?", "Inventory"),
    ],
)
def test_the_layer_that_read_of_it_answers(finder: Finder, question: str, expected: str) -> None:
    route = finder.route([question])

    assert expected == route.layer
    assert route.confidence > 0.5


def test_of_layers_about_one_subject_the_one_that_read_of_the_company_answers() -> None:
    finder = Finder({"East": layer(Amcor=LEASES), "West": layer(Corning=LEASES)})

    assert finder.route(["What was Corning's variable lease cost?"]).layer == "West"


@pytest.mark.parametrize(
    "question",
    [
        "Why do onions make us cry?",
        "What did the first landing on the moon cost, and how was the return trip planned?",
        "Hello!",
        "5 plus 7?",
        "",
    ],
)
def test_what_no_layer_read_of_is_the_bases(finder: Finder, question: str) -> None:
    assert finder.route([question]).layer == "base"


def test_a_question_about_two_subjects_gets_both_layers(finder: Finder) -> None:
    question = (
        "Compare the weighted-average discount rate of operating leases and the variable lease "
        "cost with net periodic pension cost and the amortized actuarial losses"
    )

    names = {part.split(":")[0] for part in finder.route([question]).layer.split("+")}

    assert names == {"Leases", "Pensions"}


def test_the_likeliest_of_the_others_are_named(finder: Finder) -> None:
    route = finder.route(["What discount rate applied to Corning's operating leases?"])

    assert {one.layer for one in route.runners_up} == {"base", "Pensions", "Inventory"}
    assert sum(one.confidence for one in route.runners_up) + route.confidence <= 1.002


def test_a_conversation_stays_with_its_layer(finder: Finder) -> None:
    turns = ["What was Corning's variable lease cost and lease term?", "And the year before?"]

    assert finder.route(turns).layer == "Leases"


def test_a_new_subject_leaves_the_layer(finder: Finder) -> None:
    turns = [
        "What was Corning's variable lease cost?",
        "Are inventories stated at the lower of cost and net realizable value?",
    ]

    assert finder.route(turns).layer.split(":")[0] == "Inventory"


def test_only_the_last_turns_count() -> None:
    assert "nike" not in asked(["Nike", "one", "two", "three", "four"])
    assert asked(["Nike", "Amcor"]) == {"nike": 0.5, "amcor": 1.0}


@given(st.lists(st.text(max_size=60), max_size=6))
def test_any_text_is_answered_by_somebody(turns: list[str]) -> None:
    route = Finder({"Leases": layer(Corning=LEASES)}).route(turns)

    assert route.layer in {"base", "Leases"}
    assert 0 <= route.confidence <= 1


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.dictionaries(st.sampled_from("ABCDE"), st.sampled_from(CHANGING), min_size=1),
        min_size=1,
        max_size=5,
    )
)
def test_after_any_changes_the_layers_are_found_as_by_a_new_finder(
    changes: list[dict[str, str]],
) -> None:
    finder = Finder(changes[0])
    for profiles in changes:
        finder.learn(profiles)
        anew = Finder(profiles)
        for question in ASKED:
            assert finder.route([question]) == anew.route([question])
