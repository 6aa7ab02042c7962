"""The benchmark for GPUs runs where there is none, on tiny shapes: a lease is dear for a typo."""

from pathlib import Path

import pytest


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
    from gpu_shapes import Bench

    return Bench(tmp_path, True, None, None, ("bfloat16",), ("peft+loop",))  # noqa: FBT003


def test_gradients_are_near_those_in_float32(bench: object) -> None:
    from gpu_matrix import check

    *rows, _ = check(bench)

    assert len(rows) == 4
    assert all(row["loss_error"] < 1e-3 for row in rows)
    assert all(0 < row["worst_gradient_error"] < 0.05 for row in rows)


def test_a_cell_counts_the_tokens_that_went_through_the_model(bench: object) -> None:
    from gpu_matrix import matrix

    short, long = matrix(bench)

    assert (short["pass"], long["pass"]) == (64, 256)
    assert 0 < short["slowest"] <= short["tokens_per_s"] <= short["fastest"]
    assert long["loss"] == pytest.approx(short["loss"], rel=1e-3)
