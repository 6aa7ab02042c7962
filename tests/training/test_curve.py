import pytest

from lamina.training.curve import (
    Curve,
    Measure,
    best,
    chosen_measure,
    is_spent,
    measured_steps,
    smoothed,
)


def curve(*held: float | None) -> Curve:
    """A curve with these held-out losses, one a step."""
    return [
        {"step": step, "train_loss": 1.0, "heldout_loss": loss}
        for step, loss in enumerate(held, start=1)
    ]


def test_the_best_step_is_the_first_with_the_lowest_loss() -> None:
    assert best(curve(None, 2.0, None, 1.5, 1.7, 1.5)) == (4, 1.5)


def test_without_a_measurement_there_is_no_best_step() -> None:
    assert best(curve(None, None)) is None


@pytest.mark.parametrize(
    ("choose_by", "answers", "texts", "measure"),
    [
        ("rows", 100, 100, "heldout_loss"),
        ("answers", 20, 100, "answer_loss"),
        ("answers", 19, 100, "text_loss"),
        ("answers", 19, 0, "heldout_loss"),
    ],
)
def test_a_layer_is_judged_by_its_answers_where_enough_are_held_out(
    choose_by: str, answers: int, texts: int, measure: Measure
) -> None:
    assert chosen_measure(choose_by, answers=answers, texts=texts) == measure


def test_the_best_step_is_that_of_the_measure_asked_for() -> None:
    found = [
        {"step": 1, "train_loss": 1.0, "heldout_loss": 2.0, "answer_loss": 3.0},
        {"step": 2, "train_loss": 1.0, "heldout_loss": 2.5, "answer_loss": 1.0},
    ]

    assert best(found, "answer_loss") == (2, 1.0)
    assert best(found) == (1, 2.0)
    assert is_spent(found, 1)
    assert not is_spent(found, 1, "answer_loss")


@pytest.mark.parametrize(
    ("patience", "held", "spent"),
    [
        (2, (1.0, 1.1), False),
        (2, (1.0, 1.1, None, 1.2), True),
        (2, (1.0, 1.1, 0.9), False),
        (2, (1.0, 1.0, 1.0), True),
        (1, (1.0, 1.1), True),
        (0, (1.0, 1.1, 1.2, 1.3), False),
        (2, (None, None), False),
    ],
)
def test_a_run_is_spent_after_its_patience(
    patience: int, held: tuple[float | None, ...], spent: bool
) -> None:
    assert is_spent(curve(*held), patience) == spent


def test_measurements_are_spread_evenly_and_end_with_the_run() -> None:
    assert measured_steps(10, 3, None) == {4, 7, 10}
    assert measured_steps(2, 5, None) == {1, 2}


def test_every_so_many_steps_wins_over_a_number_of_measurements() -> None:
    assert measured_steps(10, 3, 4) == {4, 8, 10}


def test_the_mean_of_equal_losses_is_that_loss() -> None:
    assert smoothed([2.0, 2.0, 2.0]) == pytest.approx([2.0, 2.0, 2.0])
