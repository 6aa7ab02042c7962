"""A serving pod whose disk is full when a layer comes in."""

import shutil
from pathlib import Path

import pytest
from builders import MB, MakeLayer, MakePod, is_whole, pull_refs, push_refs

from lamina.errors import ResourceError


def test_what_does_not_fit_is_told_and_is_fetched_whole_once_there_is_room(
    make_pod: MakePod, make_layer: MakeLayer, small_disk: Path, tmp_path: Path
) -> None:
    depot = {"store_url": str(tmp_path / "depot")}
    gpu, cpu = make_pod("gpu", **depot), make_pod("small/cpu", **depot)
    fits, large = make_layer(gpu, "first", size=MB), make_layer(gpu, "second", size=3 * MB)
    push_refs(gpu, [fits, large])
    pull_refs(cpu, [fits])
    filler = small_disk / "filler"
    filler.write_bytes(bytes(shutil.disk_usage(small_disk).free - 2 * MB))

    with pytest.raises(ResourceError, match=r"needs about 3\.1 MB under .* 2\.1 MB are free"):
        pull_refs(cpu, [large])
    filler.unlink()
    pull_refs(cpu, [large])

    assert is_whole(cpu, fits)
    assert is_whole(cpu, large)
