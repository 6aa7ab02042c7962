"""Luck promotes at most one in twenty: the rule on layers that gained nothing."""

import importlib
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from judged import harmless

from lamina.assessment.cells.measured import Measured
from lamina.assessment.verdicts.findings import Case
from lamina.assessment.verdicts.rule import judge
from lamina.margins import Margins

LAYERS = 2000
MOST = 0.05 + 3 * np.sqrt(0.05 * 0.95 / LAYERS)  # three standard errors: 6.5 %


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
    return importlib.import_module("null_layers")


@pytest.mark.parametrize("batch", [1, 25])
@pytest.mark.parametrize("icc", [0, 0.3, 0.6])
@pytest.mark.parametrize("lopsided", [False, True])
def test_gains_at_the_margin_are_promoted_once_in_twenty(
    made: ModuleType, batch: int, icc: float, *, lopsided: bool
) -> None:
    random = np.random.default_rng(7)
    for questions, documents in ((12, 6), (20, 5), (40, 6), (60, 12)):
        exam = made.Exam(made.sizes(questions, documents, lopsided=lopsided), icc)
        found = made.by_documents(made.gains(random, exam, 0.1, LAYERS), exam)

        assert made.stand(found.p_above(0.1), batch).mean() <= MOST


@pytest.mark.parametrize("differ", [0, 0.05, 0.1])
@pytest.mark.parametrize("others", [2, 24])
def test_style_alone_is_promoted_once_in_twenty(
    made: ModuleType, others: int, differ: float
) -> None:
    exam = made.Exam(made.sizes(18, 6), icc=0.3, sd=0.1)

    _, over, layer = made.leads(
        np.random.default_rng(7), exam, 0.02, LAYERS, others=others, differ=differ
    )
    both = np.maximum(over.p_above(0.02), layer.p_above(0.02))

    assert made.stand(both, 1).mean() <= MOST


@pytest.mark.parametrize("differ", [0, 0.1, 0.3])
@pytest.mark.parametrize("others", [3, 24])
def test_the_form_of_answers_alone_is_promoted_once_in_twenty(
    made: ModuleType, others: int, differ: float
) -> None:
    exam = made.Exam(made.sizes(20, 7), icc=0.3)

    found = made.leads(
        np.random.default_rng(7), exam, 0.1, LAYERS, others=others, differ=differ, shared=made.FORM
    )
    p_values = [one.p_above(0.1) for one in found]

    assert made.stand(p_values[0], 1).mean() > 0.3  # what the gain over the base alone would do
    assert made.stand(np.maximum.reduce(p_values), 1).mean() <= MOST


def test_items_that_count_one_by_one_would_promote_more(made: ModuleType) -> None:
    exam = made.Exam(made.sizes(40, 6, lopsided=True), icc=0.6)
    items = made.gains(np.random.default_rng(7), exam, 0.0, LAYERS)

    assert (made.by_items(items, exam).p_above(0.0) <= 0.05).mean() > 0.08


def test_a_nat_gained_is_seen_nearly_always(made: ModuleType) -> None:
    exam = made.Exam(made.sizes(20, 7), sd=0.5)
    found = made.by_documents(made.gains(np.random.default_rng(7), exam, 1.0, LAYERS), exam)

    assert made.stand(found.p_above(0.1), 1).mean() > 0.95


def test_the_rule_decides_as_the_simulation_does(made: ModuleType) -> None:
    exam = made.Exam(made.sizes(24, 7), icc=0.3, sd=0.3)
    items = made.gains(np.random.default_rng(7), exam, 0.25, 25)
    expected = made.stand(made.by_documents(items, exam).p_above(0.1), 25)

    names = [f"Topic{number}" for number in range(25)]
    values = {"base": harmless("base")}
    for name, row in zip(names, items, strict=True):
        values["base"] += _exam(exam.sizes, name, np.zeros(exam.n))
        values[name] = [*_exam(exam.sizes, name, row), *harmless(name)]
    said = judge([Case(name, (name,)) for name in names], values, Margins())

    assert 0 < sum(expected) < 25
    assert [one.promoted for one in said] == list(expected)


def _exam(sizes: tuple[int, ...], topic: str, values: np.ndarray) -> list[Measured]:
    documents = np.repeat(np.arange(len(sizes)), sizes)
    return [
        Measured(str(item), f"{topic}-{document}", topic, "D", float(value))
        for item, (document, value) in enumerate(zip(documents, values, strict=True))
    ]
