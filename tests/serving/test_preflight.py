"""What a base and its context need of memory, and what of it is there."""

import sys
from pathlib import Path

import numpy as np
import pytest

from lamina.cgroups import ControlGroups
from lamina.errors import ResourceError
from lamina.gguf import read_header
from lamina.passport import identify_gguf
from lamina.serving.layers.adapter_file import BaseProfile, read_base
from lamina.serving.llama import ContextOptions
from lamina.serving.preflight import (
    Needs,
    alike,
    available_bytes,
    check_room,
    needs,
    special_layouts_work,
    warm_bytes,
)

MIB = 1 << 20


@pytest.fixture
def of_seven_billion(base_gguf: Path) -> BaseProfile:
    """Mistral-7B's shape; only the file is another one."""
    shapes: dict[str, tuple[int, ...]] = {"token_embd.weight": (4096, 32000)}
    for block in range(32):
        shapes[f"blk.{block}.attn_k.weight"] = (4096, 1024)
        shapes[f"blk.{block}.attn_v.weight"] = (4096, 1024)
        shapes[f"blk.{block}.ffn_up.weight"] = (4096, 14336)
    return BaseProfile(identify_gguf(read_header(base_gguf)), shapes, base_gguf, 32)


@pytest.mark.parametrize(
    ("context", "kv_mib", "step_mib"),
    [
        (ContextOptions(n_ctx=4096, n_slots=1), 512, 308),
        (ContextOptions(n_ctx=4096, n_slots=1, flash_attn=True), 512, 120),
        (ContextOptions(n_ctx=4096, n_slots=1, kv_type="q8_0"), 272, 120),
        (ContextOptions(n_ctx=2048, n_slots=4), 1024, 176),
        (ContextOptions(n_ctx=8192, n_slots=1), 1024, 572),
        (ContextOptions(n_ctx=4096, n_slots=1, n_batch=128), 512, 77),
    ],
)
def test_the_needs_are_what_llama_cpp_reserves(
    of_seven_billion: BaseProfile, context: ContextOptions, kv_mib: int, step_mib: int
) -> None:
    """The figures are those of llama.cpp's own log, for a file of this shape."""
    found = needs(of_seven_billion, context)

    assert found.kv == kv_mib * MIB
    assert found.step == pytest.approx(step_mib * MIB, rel=0.05)


def test_weights_count_before_anything_is_loaded(base_gguf: Path) -> None:
    base, context = read_base(base_gguf), ContextOptions(n_ctx=64, n_slots=1)
    wanted = needs(base, context)
    check_room(base, context, wanted.total)
    with pytest.raises(ResourceError, match="smaller --n_ctx"):
        check_room(base, context, wanted.total - 1)

    assert wanted.weights == base_gguf.stat().st_size
    assert wanted.total == sum((wanted.weights, wanted.kv, wanted.step))
    with pytest.raises(ResourceError, match="smaller quantization"):
        check_room(base, context, wanted.weights - 1)


def test_beginnings_get_a_quarter_of_what_the_base_leaves(base_gguf: Path) -> None:
    base, context = read_base(base_gguf), ContextOptions(n_ctx=64, n_slots=1)
    wanted = needs(base, context).total

    assert warm_bytes(base, context, wanted + 400 * MIB) == 100 * MIB
    assert warm_bytes(base, context, wanted + 10**12) == 8192 * MIB
    assert warm_bytes(base, context, wanted - 1) == 0
    assert warm_bytes(base, context, None) == 0


def test_memory_that_nobody_tells_of_refuses_nothing(base_gguf: Path) -> None:
    check_room(read_base(base_gguf), ContextOptions(n_ctx=10**9), None)

    assert Needs(1, 2, 3).total == 6


def test_the_containers_limit_counts_where_it_is_the_narrower_one(tmp_path: Path) -> None:
    table = tmp_path / "meminfo"
    table.write_text("MemTotal: 9000 kB\nMemAvailable: 8000 kB\n")
    group = tmp_path / "groups"
    group.mkdir()
    (group / "memory.max").write_text("5000000\n")
    (group / "memory.current").write_text("1000000\n")
    own = tmp_path / "own"
    own.write_text("0::/\n")

    assert available_bytes(table, ControlGroups(group, own)) == 4_000_000
    assert available_bytes(table, ControlGroups(tmp_path / "none", own)) == 8000 * 1024
    assert available_bytes(tmp_path / "no", ControlGroups(tmp_path / "none", own)) is None


def test_layouts_that_say_what_plain_weights_say_are_used(base_gguf: Path) -> None:
    assert special_layouts_work(base_gguf)


@pytest.mark.parametrize(
    ("end", "works"),
    [("kill -SEGV $$", False), ("exit 3", False), ("exit 1", True)],
    ids=["crashes", "differs", "another error, which loading will tell"],
)
def test_layouts_whose_trial_fails_are_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str, *, works: bool
) -> None:
    child = tmp_path / "python"
    child.write_text(f"#!/bin/sh\n{end}\n")
    child.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(child))

    assert special_layouts_work(tmp_path / "any.gguf") is works


def test_rounding_is_alike_and_a_wrong_row_or_none_at_all_is_not() -> None:
    logits = np.random.default_rng(0).normal(0, 5, (2, 1000)).astype(np.float32)
    wrong = logits.copy()
    wrong[1] = np.roll(wrong[1], 1)

    assert alike(logits, logits + np.float32(0.05))
    assert not alike(logits, wrong)
    assert not alike(logits, np.full_like(logits, np.nan))
