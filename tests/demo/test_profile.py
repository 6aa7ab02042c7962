from dataclasses import asdict

import pytest

from lamina.demo.profile import CHUNK_TOKENS, DEMO, LEVELS, DemoProfile
from lamina.training.plan import Profile


@pytest.mark.parametrize("chosen", [DEMO, *LEVELS], ids=lambda chosen: chosen.name)
def test_a_demo_profile_is_a_training_profile(chosen: DemoProfile) -> None:
    profile = Profile.model_validate(asdict(chosen))

    assert profile.name == chosen.name
    assert profile.sequence_tokens >= CHUNK_TOKENS + 2
