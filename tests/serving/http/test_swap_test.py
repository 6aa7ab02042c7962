"""The self-test on the running server, and that it would notice a swap that leaves something."""

from pathlib import Path

import httpx
import numpy as np

from lamina.serving.engine.swap_test import Visit, verdict
from lamina.serving.launch import running_server
from lamina.serving.llama import ContextOptions, open_base


def test_swapping_leaves_nothing_behind_logit_for_logit(http: httpx.Client) -> None:
    report = http.post("/selftest/swap").json()

    assert [visit["model"] for visit in report["visits"]] == ["base", "A:1", "B:1", "A:1", "base"]
    assert all(visit["identical"] for visit in report["visits"])
    assert report["ok"]


def test_later_visits_take_kept_kv_and_still_agree(http: httpx.Client) -> None:
    visits = http.post("/selftest/swap", json={"models": ["A:0.5+B:0.5", "C"]}).json()["visits"]

    assert [visit["prompt_tokens_reused"] for visit in visits[:3]] == [0, 0, 0]
    assert all(visit["prompt_tokens_reused"] > 0 for visit in visits[3:])
    assert all(visit["identical"] for visit in visits)


def test_what_lost_its_only_slot_comes_back_logit_for_logit(
    base_gguf: Path, layer_folder: Path
) -> None:
    order = {"models": ["A", "B"], "prompt": "the lease " * 40}
    with running_server(base_gguf, adapters=layer_folder, n_threads=1, n_parallel=1) as url:
        visits = httpx.post(f"{url}/selftest/swap", json=order, trust_env=False).json()["visits"]

    assert [visit["prompt_tokens_reused"] > 0 for visit in visits] == [False] * 3 + [True] * 2
    assert all(visit["identical"] for visit in visits)


def test_a_prompt_longer_than_a_step_is_refused(base_gguf: Path, layer_folder: Path) -> None:
    short = ["--n_batch", "32"]
    with running_server(base_gguf, adapters=layer_folder, n_threads=1, more=short) as url:
        order = {"models": ["A"], "prompt": "the lease " * 40}
        reply = httpx.post(f"{url}/selftest/swap", json=order, trust_env=False)

    assert reply.status_code == 400
    assert "shorten it" in reply.json()["error"]["message"]


def test_one_differing_logit_fails_it() -> None:
    base, layer = np.zeros(4, np.float32), np.ones(4, np.float32)
    visits = [Visit("base", 0, 0.0, base), Visit("A:1", 0, 1e-6, layer)]

    assert not verdict(visits)["ok"]


def test_layers_without_effect_fail_it() -> None:
    same = np.zeros(4, np.float32)

    assert not verdict([Visit("base", 0, 0.0, same), Visit("A:1", 0, 0.0, same)])["ok"]


def test_kv_of_another_set_would_show(base_gguf: Path, layer_folder: Path) -> None:
    """The bug that others have, made on purpose: the base's KV under a layer."""
    prompt = list(range(260, 280))
    with open_base(base_gguf, ContextOptions(n_ctx=256, n_slots=1, n_threads=1)) as base:
        layer = ((base.load_adapter(layer_folder / "A.gguf"), 1.0),)
        base.evaluate(prompt[:-1], position=0)
        base.apply(layer)
        stale = base.evaluate(prompt[-1:], position=len(prompt) - 1)
        with base.fresh(n_ctx=256) as clean:
            clean.apply(layer)
            clean.evaluate(prompt[:-1], position=0)
            fresh = clean.evaluate(prompt[-1:], position=len(prompt) - 1)

    assert float(np.max(np.abs(stale - fresh))) > 1
