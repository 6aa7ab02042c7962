"""The closing lines of a command, and the same as JSON."""

import json
from pathlib import Path

from lamina.summary import SHOWN, Made, Moved, Summary

TRAINED = Made(
    "Leases", Path("/w/Leases.gguf"), {"held-out loss": 1.0521, "before": 3.2, "x": None}
)


def test_each_thing_is_told_with_its_place_and_its_figures() -> None:
    assert list(Summary(made=(TRAINED,)).lines()) == [
        "made:",
        "  Leases: /w/Leases.gguf",
        "    held-out loss 1.052, before 3.2",
    ]


def test_what_was_up_to_date_is_not_called_made() -> None:
    told = Summary(made=(Made("Debt", Path("/w/Debt.gguf"), new=False),)).lines()

    assert list(told) == ["up to date:", "  Debt: /w/Debt.gguf"]


def test_what_was_moved_and_what_to_run_next_is_told() -> None:
    moved = Moved(("a.pdf", "b.pdf", "c.pdf", "d.pdf"), Path("/w/archive"))

    told = Summary(moved=(moved,)).then("train_layers").lines()

    assert list(told) == [
        "moved:",
        "  4 files to /w/archive: a.pdf, b.pdf, c.pdf and 1 more",
        "next: lamina qa_layers, or lamina serve",
    ]


def test_where_nothing_was_done_nothing_is_told() -> None:
    assert list(Summary().lines()) == []


def test_a_file_is_told_with_its_size_in_a_unit_that_shows_it() -> None:
    model = Made("base", Path("/w/base.gguf"), {"bytes": 1_945_632})

    assert list(Summary(made=(model,)).lines())[-1] == "    1.9 MB"


def test_steps_add_up_and_the_later_word_on_a_thing_counts() -> None:
    first = Summary(made=(TRAINED, Made("Debt", Path("/d"))), next=("lamina serve",))
    later = Summary(made=(Made("Debt", Path("/e")),), next=("lamina serve", "lamina qa_layers"))

    both = first + later

    assert [(one.name, str(one.path)) for one in both.made] == [
        ("Leases", "/w/Leases.gguf"),
        ("Debt", "/e"),
    ]
    assert both.next == ("lamina serve", "lamina qa_layers")


def test_a_thousand_things_are_counted_on_the_terminal_and_listed_as_json() -> None:
    many = Summary(made=tuple(Made(str(number), Path("/w")) for number in range(1000)))

    assert list(many.lines())[-1] == f"  and {1000 - SHOWN} more; --json lists them all"
    assert len(json.loads(many.json())["made"]) == 1000


def test_json_has_every_figure_and_paths_as_text() -> None:
    (made,) = json.loads(Summary(made=(TRAINED,)).json())["made"]

    assert made == {
        "name": "Leases",
        "path": "/w/Leases.gguf",
        "figures": {"held-out loss": 1.0521, "before": 3.2, "x": None},
        "new": True,
    }


def test_what_a_file_holds_is_told_to_programs_alone() -> None:
    changes = Made("what changed", Path("/q/changes.json"), {"verdicts": 1}, content={"a": [1]})

    (made,) = json.loads(Summary(made=(changes,)).json())["made"]
    assert made["content"] == {"a": [1]}
    assert "content" not in json.loads(Summary(made=(TRAINED,)).json())["made"][0]
    assert list(Summary(made=(changes,)).lines())[1:] == [
        "  what changed: /q/changes.json",
        "    verdicts 1",
    ]
