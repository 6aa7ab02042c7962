"""Before long work a person is told how much it is and how long it takes, and while it goes on."""

import re
from pathlib import Path

import pytest
from fake_layer_server import FakeLayerServer
from matrix_runs import Run
from pods import Told
from qa_samples import topic_of

from lamina.assessment.asking.pace import Pace, in_words
from lamina.assessment.exam.asked import Ask, Choose, Read, Request


class Clock:
    """A clock that is set by hand."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def pace(folder: Path, clock: Clock) -> Pace:
    return Pace(folder / "cells" / "pace.json", clock)


def answered(one: Pace, clock: Clock, request: Request, count: int, seconds: float) -> None:
    clock.now_s += seconds
    one.note([request] * count)


def test_nothing_is_told_before_anything_was_measured(tmp_path: Path) -> None:
    assert pace(tmp_path, Clock()).left({"answers": 100}) == ""


def test_each_kind_has_its_own_pace(tmp_path: Path) -> None:
    clock = Clock()
    measured = pace(tmp_path, clock)

    answered(measured, clock, Ask("?"), 40, 80)
    answered(measured, clock, Read("text"), 40, 4)

    assert measured.left({"answers": 100}) == "3 minutes"
    assert measured.left({"answers": 10, "texts": 100}) == "30 s"
    assert measured.left({"answers": 10, "choices": 1}) == ""


def test_the_last_runs_pace_is_the_next_ones_first_word(tmp_path: Path) -> None:
    clock = Clock()
    measured = pace(tmp_path, clock)
    answered(measured, clock, Choose("?", ("a", "b"), 1), 40, 80)
    measured.keep()

    assert pace(tmp_path, clock).left({"choices": 1000}) == "33 minutes"


def test_a_handful_of_cells_is_no_pace(tmp_path: Path) -> None:
    clock = Clock()
    measured = pace(tmp_path, clock)

    answered(measured, clock, Ask("?"), 3, 900)

    assert measured.left({"answers": 100}) == ""


@pytest.mark.parametrize("content", ["", "[]", '{"answers": "fast"}'])
def test_a_broken_memory_is_as_good_as_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "cells").mkdir()
    (tmp_path / "cells" / "pace.json").write_text(content)

    assert pace(tmp_path, Clock()).left({"answers": 100}) == ""


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "1 s"), (89, "89 s"), (100, "2 minutes"), (9000, "2.5 hours")]
)
def test_times_are_told_as_people_say_them(seconds: float, words: str) -> None:
    assert in_words(seconds) == words


def test_it_is_told_how_much_is_asked_and_how_long_that_takes(
    server: FakeLayerServer, tmp_path: Path
) -> None:
    first, second = Told(), Told()
    topics = (topic_of("Goodwill"), topic_of("Leases"))
    names = ("base", "Leases", "Goodwill")

    Run(server.url, tmp_path, topics, names).fill(progress=first)
    Run(server.url, tmp_path, topics, (*names, "Idle")).fill(progress=second)

    cells = "48 answers, 48 choices, 48 texts"
    assert first.lines[0] == (
        f"144 of 144 cells are to be asked ({cells}): the pace shows on the way"
    )
    assert first.notes[-1].startswith("144 Goodwill, about ")
    assert first.notes[-1].endswith(" left")
    assert re.fullmatch(r"asked 144 cells in \d+ s", first.lines[-1])
    assert re.fullmatch(
        r"48 of 192 cells are to be asked \(16 answers, 16 choices, 16 texts\): "
        r"about \d+ s, as it went last time",
        second.lines[0],
    )
