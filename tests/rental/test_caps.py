"""What may be spent on the rented GPU, a day and a month."""

from datetime import UTC, datetime

from rented import BUSY, IDLE, WORK, Rented, works
from runpod import RunPodApi


def test_the_days_cap_stops_it_and_refuses_until_midnight(
    rented: Rented, runpod: RunPodApi
) -> None:
    rented.terms = rented.terms.model_copy(update={"gpu_cap_day": 0.74})
    works(rented)
    rented.after(58, BUSY)
    assert runpod.changes == ["start", "stop"]

    told = rented.after(10, WORK)
    assert told.trouble == (
        "nothing is started: the GPU pod cost 0.75 today, and no more than 0.74 may be spent "
        "(LAMINA_GPU_CAP_DAY)"
    )
    assert runpod.changes == ["start", "stop"]
    rented.after(12 * 60, WORK)

    assert runpod.changes == ["start", "stop", "start"]


def test_the_months_cap_counts_what_other_days_cost(rented: Rented, runpod: RunPodApi) -> None:
    rented.terms = rented.terms.model_copy(update={"gpu_cap_month": 1.0})
    rented.now = datetime(2026, 11, 26, 10, tzinfo=UTC)
    works(rented)
    rented.after(70, BUSY)
    rented.after(11, IDLE)
    rented.now = datetime(2026, 11, 27, 12, tzinfo=UTC)

    told = rented.after(0, WORK)

    assert "this month, and no more than 1.00 may be spent (LAMINA_GPU_CAP_MONTH)" in told.trouble
    assert runpod.changes == ["start", "stop"]


def test_a_cap_holds_also_while_the_prefect_server_is_away(
    rented: Rented, runpod: RunPodApi
) -> None:
    rented.terms = rented.terms.model_copy(update={"gpu_cap_day": 0.5})
    works(rented)

    rented.after(60, None)

    assert runpod.changes == ["start", "stop"]
