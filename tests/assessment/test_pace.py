"""Before long work a person is told how much it is and how long it takes, and while it goes on."""

from pathlib import Path

import pytest

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
