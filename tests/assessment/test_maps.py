"""The maps: readable colours, a scale that no outlier pales, gains on the same questions."""

from spoken import answer, choice, loss

from lamina.assessment.report.page import page
from lamina.assessment.report.page.colours import (
    STEPS,
    change_step,
    contrast,
    ink,
    palettes,
    share_step,
)
from lamina.assessment.report.page.heatmap import LEAST_SCALE, scale
from lamina.assessment.report.records import AnyRecord
from lamina.assessment.report.summary import summarise


def test_every_figure_in_the_maps_can_be_read() -> None:
    for ramp in palettes():
        assert min(contrast(ink(paper), paper) for paper in ramp) >= 4.5


def test_steps_run_from_end_to_end_of_a_ramp() -> None:
    assert [share_step(share) for share in (-1, 0, 0.5, 1, 2)] == [0, 0, 5, STEPS - 1, STEPS - 1]
    assert [change_step(change, 2) for change in (-2, 0, 2)] == [0, STEPS // 2, STEPS - 1]
    assert change_step(0, 0) == STEPS // 2


def test_a_gain_is_over_the_base_on_the_same_questions() -> None:
    given = [choice("base", "Leases", number, margin=number) for number in range(6)]
    given += [choice("Debt", "Leases", number, margin=number + 0.5) for number in (0, 1)]

    cell = summarise(given, facts={}).cell("Debt", "Leases")

    assert cell is not None
    assert (cell.d, cell.gain_d) == (1.0, 0.5)


def test_gains_in_answers_and_loss_are_over_the_same_items_too() -> None:
    given = [answer("base", "Leases", number, right=number < 3) for number in range(6)]
    given += [answer("Debt", "Leases", number, right=not number) for number in (0, 1)]
    losses = [loss("base", "Leases", row, float(row), tokens=row) for row in (1, 2, 3)]
    losses += [loss("Debt", "Leases", row, row - 0.5, tokens=row) for row in (1, 3)]

    cell = summarise([*given, *losses], facts={}).cell("Debt", "Leases")

    assert cell is not None
    assert (cell.gain_correct, cell.gain_loss) == (-0.5, 0.5)


def test_one_outlier_does_not_pale_all_other_colours() -> None:
    assert scale([*[0.5] * 12, 40.0]) == 0.5
    assert scale([0.4, -0.5, 0.5, 40.0]) == 0.5
    assert scale([0.001, 0.002]) == LEAST_SCALE
    assert scale([]) == LEAST_SCALE


def test_small_differences_elsewhere_stay_pale_beside_gains_at_home() -> None:
    assert scale([*[-0.1] * 95, *[1.0] * 5], own=[1.0] * 5) == 1.0
    assert scale([*[-0.1] * 95, *[1.0] * 4, 40.0], own=[*[1.0] * 4, 40.0]) == 1.0


def test_a_legend_says_where_the_full_colour_begins() -> None:
    given: list[AnyRecord] = []
    for number, topic in enumerate(f"T{number}" for number in range(12)):
        given += [choice("base", topic), choice(topic, topic, margin=40.0 if not number else 0.5)]

    said = page(summarise(given, facts={}), given)

    assert "Full colour from 0.50 nats a token on; 1 of 12 cells lie beyond it" in said
