import pytest

from lamina.demo.profile import CHUNK_TOKENS, LEVEL_OVERRIDES, LEVEL_RATE_FACTOR
from lamina.training.profiles import profile
from lamina.workspace import LEVELS


def test_a_chunk_fits_one_pack_of_the_demo() -> None:
    assert profile("demo").sequence_tokens >= CHUNK_TOKENS + 2


@pytest.mark.parametrize("level", LEVELS)
def test_the_levels_keep_their_presets_but_for_rate_and_length(level: str) -> None:
    demo = profile(level, **LEVEL_OVERRIDES).with_rate(LEVEL_RATE_FACTOR)

    assert (demo.rank, demo.alpha, demo.targets) == (
        profile(level).rank,
        profile(level).alpha,
        profile(level).targets,
    )
