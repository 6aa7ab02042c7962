"""A workspace that was packed and unpacked elsewhere serves what it served, and can go back."""

import subprocess
from pathlib import Path

from builders import MakeLayer, MakePod

from lamina.stages import handover


def test_versions_serve_and_can_be_rolled_back_in_a_restored_workspace(
    make_pod: MakePod, make_layer: MakeLayer, tmp_path: Path
) -> None:
    pod = make_pod("cpu")
    first, second = make_layer(pod, seed=1), make_layer(pod, seed=2)
    handover.promote(pod, "Leases", first, "better")
    handover.promote(pod, "Leases", second, "better still")
    backup = tmp_path / "workspace.tgz"
    subprocess.run(["tar", "-C", pod.workspace.root, "-czf", backup, "."], check=True)  # noqa: S607

    restored = make_pod("elsewhere")
    subprocess.run(["tar", "-C", restored.workspace.root, "-xzf", backup], check=True)  # noqa: S607

    assert handover.served(restored, "Leases") == second
    assert (restored.workspace.adapters_gguf / "Leases.gguf").stat().st_size == 50_000
    assert handover.rollback(restored, "Leases") == first
