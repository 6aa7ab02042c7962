"""How long a run will take: from runs on the same base before, else from what the device can do."""

from collections.abc import Iterable, Mapping
from statistics import median
from typing import Any

from pydantic import BaseModel, ConfigDict

from lamina.training.plan import Plan
from lamina.training.profiles import Profile
from lamina.training.sizes import flops_per_token

# Dense bfloat16 operations a second, in units of 10^12, from the makers' data sheets; the first
# name that the device's own contains counts.
PEAKS = {
    "H200": 989, "H100": 989, "H800": 989, "B200": 2250, "A100": 312, "A800": 312, "L40S": 362,
    "L40": 181, "L4": 121, "A6000": 155, "A5000": 111, "A40": 150, "A10": 125, "RTX 5090": 210,
    "RTX 4090": 165, "RTX 3090": 71, "V100": 112, "T4": 65,
}  # fmt: skip
UTILISATION = 0.3  # share of a GPU's peak that is assumed until a run was measured
UNKNOWN_GPU, CPU_THREAD = 50e12, 40e9  # assumed operations a second
BF16_THREAD = 190e9  # SmolLM2 on a core of an EPYC (Zen 4), 350 tokens a second (results/study.md)


class Pace(BaseModel):
    """Operations a second in training, and where the figure comes from."""

    model_config = ConfigDict(frozen=True)

    flops_per_s: float
    source: str

    def minutes(self, plan: Plan) -> float:
        """Of a whole run, held-out measurements and start-up left out."""
        return plan.flops / self.flops_per_s / 60


def measured_pace(
    runs: Iterable[tuple[Profile, Mapping[str, Any]]], config: Mapping[str, Any], device: str
) -> Pace | None:
    """The median of earlier runs, each a profile and its manifest's `run`; None without any."""
    paces = [
        run["tokens_per_s"] * flops_per_token(profile, config)
        for profile, run in runs
        if run.get("device") == device and run.get("tokens_per_s")
    ]
    if not paces:
        return None
    counted = f"{len(paces)} layer{'s' * (len(paces) > 1)}"
    return Pace(flops_per_s=median(paces), source=f"measured on {counted} of this base")


def assumed_pace(device: str, threads: int, dtype: str) -> Pace:
    """From the device's name; `cpu` counts its threads, which differ by the base's dtype."""
    if device == "cpu":
        each = BF16_THREAD if dtype == "bfloat16" else CPU_THREAD
        counted = f"{threads} CPU thread{'s' * (threads > 1)}"
        return Pace(flops_per_s=threads * each, source=f"assumed for {counted}")
    peak = next((1e12 * peak for name, peak in PEAKS.items() if name in device), UNKNOWN_GPU)
    return Pace(flops_per_s=UTILISATION * peak, source=f"assumed for {device}")
