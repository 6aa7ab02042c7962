"""The process of a run that trains."""

from pathlib import Path

from house import House


def training(house: House, run_id: str) -> int:
    """The flow's process, once it trains."""
    house.wait(run_id, "RUNNING")
    log = house.root / "logs" / "gpu-worker.log"
    size = log.stat().st_size
    house.until(lambda: b" in all; learning" in log.read_bytes()[size:], "training to begin", 90)
    return next(pid for pid in house.children("gpu-worker") if _is_flow(pid))


def _is_flow(pid: int) -> bool:
    said = Path(f"/proc/{pid}/cmdline").read_bytes()
    return b"prefect.engine" in said or b"flow-run" in said
