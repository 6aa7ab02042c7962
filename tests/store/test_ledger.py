"""Lines that are only ever added: a crash costs a line, two writers cost none."""

import json
import time
from pathlib import Path

import pytest
from forks import at_once
from hypothesis import given
from hypothesis import strategies as st

from lamina.store import Ledger, entry

ABOUT = {"base": "b" * 64}


def ledger(folder: Path) -> Ledger:
    return Ledger(folder / "cells" / "one.jsonl", ABOUT)


def read(folder: Path) -> dict[str, object]:
    found = {key: entry(line) for key, line in ledger(folder).read().items()}
    return {key: value["said"] for key, value in found.items() if value}


def test_what_was_added_is_read_again(tmp_path: Path) -> None:
    ledger(tmp_path).add([("a", {"said": 'line\n"two"'}), ("b", {"said": 2})])
    ledger(tmp_path).add([("c", {"said": None})])

    assert read(tmp_path) == {"a": 'line\n"two"', "b": 2, "c": None}
    assert json.loads(ledger(tmp_path).path.read_text().splitlines()[0]) == {"about": ABOUT}


def test_a_ledger_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert ledger(tmp_path).read() == {}


@given(cut=st.integers(1, 40))
def test_a_line_that_a_crash_cut_is_not_counted_and_spoils_no_other(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    folder = tmp_path_factory.mktemp("cut")
    ledger(folder).add([("a", {"said": 1}), ("b", {"said": {"deep": {"er": "x" * 20}}})])
    whole = ledger(folder).path.read_bytes()
    ledger(folder).path.write_bytes(whole[:-cut])

    ledger(folder).add([("c", {"said": 3})])

    assert {key: value for key, value in read(folder).items() if key != "b"} == {"a": 1, "c": 3}


def test_the_later_of_two_lines_counts(tmp_path: Path) -> None:
    ledger(tmp_path).add([("a", {"said": 1})])
    ledger(tmp_path).add([("a", {"said": 2})])

    assert read(tmp_path) == {"a": 2}


def _write(folder: Path, writer: int) -> None:
    for number in range(50):
        ledger(folder).add([(f"{writer}-{number}", {"said": "x" * 5000})])


def test_lines_of_several_processes_do_not_mix(tmp_path: Path) -> None:
    codes = at_once([lambda writer=writer: _write(tmp_path, writer) for writer in range(3)])

    assert codes == [0] * 3
    assert len(read(tmp_path)) == 150


def test_64_000_lines_are_read_in_well_under_a_second(tmp_path: Path) -> None:
    scores = [[-12.345678, 7]] * 7
    ledger(tmp_path).add((f"{n:032x}", {"scores": scores}) for n in range(64_000))

    began_s = time.process_time()
    lines = ledger(tmp_path).read()
    took_s = time.process_time() - began_s

    assert len(lines) == 64_000
    assert took_s < 1
