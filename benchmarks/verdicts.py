"""How often luck promotes a layer, and how often knowledge does: the rule on layers made up.

    python benchmarks/verdicts.py [--layers 1000] [--seed 1] > tables.md

Every share is of `--layers` layers a cell; a share of 5 % is known to 0.7 points (one standard
error) from 1,000. The rule's own functions decide (`lamina/assessment/verdicts/evidence.py`); that
`judge` comes to the same is a test.
"""

import argparse
from collections.abc import Iterator

import numpy as np
import planted_layers
from null_layers import (
    FORM,
    Array,
    Exam,
    Shape,
    by_documents,
    by_items,
    gains,
    grade_changes,
    leads,
    sizes,
    stand,
)

from lamina.margins import Margins

MARGINS = Margins()
ICCS = (0.0, 0.3, 0.6)
QUESTIONS, DOCUMENTS = (12, 20, 40, 60), (1, 2, 6, 12)
SHAPES: tuple[Shape, ...] = ("normal", "heavy", "few win", "few lose")
ENOUGH = [(n, documents) for n in (12, 20, 40, 60) for documents in (5, 6, 12)]


def main() -> None:
    """Print all tables as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--layers", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    random = np.random.default_rng(options.seed)
    layers: int = options.layers
    for title, head, rows in (
        ("Null layers in D: gain nought", _NULL, null_layers(random, layers, 0.0)),
        ("Null layers in D: gain just at the margin", _NULL, null_layers(random, layers, None)),
        ("Other shapes: gain nought, batch of 1", _SHAPES, shapes(random, layers)),
        ("Clustered errors over items beside documents that count once", _LOPSIDED,
         lopsided(random, layers)),
        ("Null layers in T: style and no knowledge", _TEXT, text(random, layers)),
        ("Planted layers", _PLANTED, planted_layers.rows()),
        ("Power in D, batch of 1", _POWER, power(random, layers)),
        ("Power in D, one of a batch of 25, the others null", _POWER, power(random, layers, 25)),
        ("Power in G, batch of 1, against a bar of nought", _GRADES, grades(random, layers)),
        ("Chance that a layer as good as what it is held against passes, in D", _EQUAL,
         equal(random, layers)),
        ("Chance that no harm of G elsewhere is shown where there is none", _HARM,
         harm(random, layers)),
        ("Layers in D that know the form of answers, without and with 1 nat of knowledge", _FORM,
         form(random, layers)),
    ):  # fmt: skip
        print(f"\n## {title}\n\n| {' | '.join(head)} |\n|{'---|' * len(head)}")
        for row in rows:
            print(f"| {' | '.join(row)} |")


_NULL = ("questions", "documents", "ICC", "bound alone, batch of 1", "of 25", "by the rule, of 1",
         "of 25")  # fmt: skip
_SHAPES = ("questions", "documents", "ICC", *SHAPES)
_LOPSIDED = ("questions", "documents", "ICC", "even: over items", "over documents",
             "half in one: over items", "over documents")  # fmt: skip
_FORM = ("questions", "documents", "other layers", "form differs by", "form only: over the base",
         "by the rule", "knows: over the base", "by the rule")  # fmt: skip
_TEXT = ("rows", "documents", "other layers", "style differs by", "documents alone",
         "the rule, batch of 1", "of 25")  # fmt: skip
_PLANTED = ("layer", "word", "in words")
_POWER = ("questions", "documents", "sd, nats", "ICC", "gain 0.1", "gain 0.3", "gain 1")
_GRADES = ("questions", "documents", "ICC", "5 points", "10 points", "20 points")
_EQUAL = ("questions", "documents", "sd, nats", "margin 0.1 (elsewhere)",
          "margin 0.3 (what serves)", "worse by 0.3 let through")  # fmt: skip
_HARM = ("questions", "answers changed", "margin 5 points", "margin 10 points",
         "harm of 10 points let through")  # fmt: skip


def null_layers(
    random: np.random.Generator, layers: int, mean: float | None
) -> Iterator[tuple[str, ...]]:
    """Share promoted; `mean` of None is the margin itself, the hardest null."""
    truth = MARGINS.gain_d if mean is None else mean
    for questions in QUESTIONS:
        for documents in DOCUMENTS:
            for icc in ICCS:
                exam = Exam(sizes(questions, documents), icc)
                found = [share_promoted(random, exam, truth, layers, batch) for batch in (1, 25)]
                enough = questions >= MARGINS.questions and documents >= MARGINS.documents
                by_rule = [one if enough else "0" for one in found]
                yield (str(questions), str(documents), f"{icc:g}", *found, *by_rule)


def share_promoted(
    random: np.random.Generator, exam: Exam, mean: float, layers: int, batch: int
) -> str:
    """In per cent; a single document has no bound at all."""
    if len(exam.sizes) == 1:
        return "0"
    found = by_documents(gains(random, exam, mean, layers), exam)
    return percent(stand(np.asarray(found.p_above(MARGINS.gain_d)), batch))


def shapes(random: np.random.Generator, layers: int) -> Iterator[tuple[str, ...]]:
    """Gains that are not normal: heavy tails, a few large gains, a few large losses."""
    for questions, documents in ENOUGH:
        for icc in (0.0, 0.6):
            row = [
                share_promoted(
                    random, Exam(sizes(questions, documents), icc, shape=shape), 0.0, layers, 1
                )
                for shape in SHAPES
            ]  # fmt: skip
            yield (str(questions), str(documents), f"{icc:g}", *row)


def lopsided(random: np.random.Generator, layers: int) -> Iterator[tuple[str, ...]]:
    """Why documents count once: null layers promoted where one document has half the questions."""
    for questions, documents in ((20, 5), (20, 6), (40, 6), (60, 12)):
        for icc in ICCS:
            row = []
            for half in (False, True):
                exam = Exam(sizes(questions, documents, lopsided=half), icc)
                items = gains(random, exam, 0.0, layers)
                row += [
                    percent(np.asarray(way(items, exam).p_above(0.0)) <= MARGINS.level)
                    for way in (by_items, by_documents)
                ]
            yield (str(questions), str(documents), f"{icc:g}", *row)


def text(random: np.random.Generator, layers: int) -> Iterator[tuple[str, ...]]:
    """T of layers of the wrong topic: others gain by style as well, give or take."""
    for documents in (6, 12):
        exam = Exam(sizes(3 * documents, documents), icc=0.3, sd=0.1)
        for others in (2, 5, 24):
            for differ in (0.0, 0.05, 0.1):
                _, over, layer = leads(random, exam, 0.0, layers, others=others, differ=differ)
                alone = np.asarray(over.p_above(MARGINS.gain_t))
                both = np.maximum(alone, np.asarray(layer.p_above(MARGINS.gain_t)))
                row = [percent(stand(p, batch)) for p, batch in ((alone, 1), (both, 1), (both, 25))]
                yield (str(exam.n), str(documents), str(others), f"{differ:g}", *row)


def form(random: np.random.Generator, layers: int) -> Iterator[tuple[str, ...]]:
    """D of layers that know the form of answers, and of some that know 1 nat besides."""
    for questions, documents in ((12, 5), (20, 7), (60, 12)):
        exam = Exam(sizes(questions, documents), icc=0.3)
        for others, differ in ((3, 0.1), (5, 0.3), (24, 0.1), (24, 0.3)):
            row = []
            for mean in (0.0, 1.0):
                found = leads(random, exam, mean, layers, others=others, differ=differ, shared=FORM)
                p_values = [np.asarray(one.p_above(MARGINS.gain_d)) for one in found]
                row += [
                    percent(stand(p_values[0], 1)),
                    percent(stand(np.maximum.reduce(p_values), 1)),
                ]
            yield (str(questions), str(documents), str(others), f"{differ:g}", *row)


def power(random: np.random.Generator, layers: int, batch: int = 1) -> Iterator[tuple[str, ...]]:
    """Share promoted of layers that gained, where harm elsewhere and what serves stand aside."""
    for questions, documents in ((20, 5), (20, 7), (40, 8), (60, 12), (60, 30)):
        for sd in (0.5, 1.0):
            for icc in (0.0, 0.3):
                exam = Exam(sizes(questions, documents), icc, sd)
                row = [
                    percent(_standing(random, exam, mean, layers, batch)) for mean in (0.1, 0.3, 1)
                ]
                yield (str(questions), str(documents), f"{sd:g}", f"{icc:g}", *row)


def _standing(
    random: np.random.Generator, exam: Exam, mean: float, layers: int, batch: int
) -> Array:
    """Of each batch the first layer has the gain."""
    truth = np.zeros((layers, batch, 1))
    truth[:, 0] = mean
    items = gains(random, exam, 0.0, layers * batch) + truth.reshape(-1, 1)
    p_values = np.asarray(by_documents(items, exam).p_above(MARGINS.gain_d))
    return stand(p_values, batch).reshape(-1, batch)[:, 0]


def grades(random: np.random.Generator, layers: int) -> Iterator[tuple[str, ...]]:
    """Share of layers whose gain in grades lies surely above nought; 20 % of answers change."""
    for questions, documents in ((20, 5), (20, 7), (60, 12), (157, 40), (350, 80)):
        for icc in (0.0, 0.3):
            exam = Exam(sizes(questions, documents), icc)
            row = []
            for mean in (0.05, 0.1, 0.2):
                found = by_documents(grade_changes(random, exam, mean, layers), exam, shares=True)
                row.append(percent(np.asarray(found.p_above(0.0)) <= MARGINS.level))
            yield (str(questions), str(documents), f"{icc:g}", *row)


def equal(random: np.random.Generator, layers: int) -> Iterator[tuple[str, ...]]:
    """Surely not worse by more than a margin: of those that are no worse, and of those that are."""
    for questions, documents in ((20, 7), (40, 12), (60, 12), (96, 72), (350, 170)):
        for sd in (0.3, 0.5, 1.0):
            exam = Exam(sizes(questions, documents), 0.3, sd)
            same = by_documents(gains(random, exam, 0.0, layers), exam)
            worse = by_documents(gains(random, exam, -0.3, layers), exam)
            low, lower = np.asarray(same.low(MARGINS.level)), np.asarray(worse.low(MARGINS.level))
            row = [percent(found > -bar) for found, bar in ((low, 0.1), (low, 0.3), (lower, 0.3))]
            yield (str(questions), str(documents), f"{sd:g}", *row)


def harm(random: np.random.Generator, layers: int) -> Iterator[tuple[str, ...]]:
    """Questions each of their own document: what a margin lets pass of those without harm."""
    for questions in (60, 96, 350):
        for changed in (0.02, 0.05, 0.1, 0.2):
            exam = Exam(sizes(questions, questions))
            sound = by_documents(
                grade_changes(random, exam, 0.0, layers, changed), exam, shares=True
            )
            hurt = by_documents(
                grade_changes(random, exam, -0.1, layers, max(changed, 0.1)), exam, shares=True
            )
            row = [
                percent(np.asarray(sound.low(MARGINS.level)) > -margin) for margin in (0.05, 0.1)
            ]
            let = percent(np.asarray(hurt.low(MARGINS.level)) > -MARGINS.harm_g)
            yield (str(questions), f"{changed:.0%}", *row, let)


def percent(chosen: Array) -> str:
    """A share of layers."""
    return f"{100 * float(np.mean(chosen)):.1f} %"


if __name__ == "__main__":
    main()
