"""What several rooms' tests need: the embedded base as the server loads it, made once."""

from pathlib import Path

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first, so that no worker is left alone with it at the end."""
    items.sort(key=lambda item: item.get_closest_marker("service") is None)


@pytest.fixture(scope="session")
def base_q4(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The embedded base as Q4_K_M GGUF."""
    from lamina import settings
    from lamina.progress import Silent
    from lamina.stages import corpus, models
    from lamina.stages.pod import Pod
    from lamina.workspace import Workspace

    chosen = settings.load(workspace=tmp_path_factory.mktemp("base"), base_model="tiny")
    pod = Pod(chosen, Workspace(chosen).make(), Silent())
    return models.publish_base(pod, models.convert_base(pod, corpus.find_base(pod)))
