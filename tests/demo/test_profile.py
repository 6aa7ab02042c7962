from typing import get_args

import pytest

from lamina.demo.profile import CHUNK_TOKENS, LESSONS, LEVEL_OVERRIDES, LEVEL_RATE_FACTOR
from lamina.orders import Demo
from lamina.training.profiles import profile
from lamina.workspace import LEVELS


@pytest.mark.parametrize("level", LEVELS)
def test_the_levels_keep_their_presets_but_for_rate_and_length(level: str) -> None:
    demo = profile(level, **LEVEL_OVERRIDES).with_rate(LEVEL_RATE_FACTOR)

    assert (demo.rank, demo.alpha, demo.targets) == (
        profile(level).rank,
        profile(level).alpha,
        profile(level).targets,
    )


@pytest.mark.parametrize("base", get_args(Demo.model_fields["base"].annotation))
def test_on_every_base_of_the_demo_a_chunk_fits_one_pack(base: str) -> None:
    trained = profile("demo", **LESSONS[base].overrides)

    assert trained.sequence_tokens >= CHUNK_TOKENS + 2


def test_each_base_has_a_workspace_of_its_own() -> None:
    assert len({lesson.workspace for lesson in LESSONS.values()}) == len(LESSONS)
