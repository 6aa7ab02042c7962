"""What a person edits in the UI, and that the next run obeys."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.client.orchestration import get_client
from pydantic import ValidationError

from blocks import LaminaWorkspace, LayerServer, TrainingProfile
from blocks.in_force import obey, training_profile
from lamina.errors import InvalidInputError
from lamina.settings import load
from lamina.training.profiles import PRESETS, profile


@pytest.fixture(autouse=True)
def _as_it_was(pod: Path) -> Iterator[None]:
    """What `obey` sets is taken back, and no document stays on the session's server."""
    del pod
    before = dict(os.environ)
    yield
    for name in {*os.environ} - {*before}:
        del os.environ[name]
    os.environ.update(before)
    with get_client(sync_client=True) as client:
        for document in client.read_block_documents():
            client.delete_block_document(document.id)


def test_an_edited_training_profile_is_what_the_next_run_trains_with() -> None:
    TrainingProfile(values=profile("level2", rank=4)).save("level2", overwrite=True)

    assert training_profile("level2", {}).rank == 4


def test_single_values_of_a_run_win_over_the_profile() -> None:
    TrainingProfile(values=profile("level3", rank=4)).save("level3", overwrite=True)

    assert training_profile("level3", {"rank": 2}).rank == 2


def test_without_a_document_the_built_in_preset_counts() -> None:
    assert training_profile("demo", {}) == PRESETS["demo"]


def test_a_profile_that_nobody_made_is_an_error_that_lists_the_others() -> None:
    with pytest.raises(InvalidInputError, match="level1, level2"):
        training_profile("level9", {})


def test_what_the_workspace_block_sets_wins_over_the_pods_environment() -> None:
    os.environ["LAMINA_STORE_URL"] = "file:///old"
    LaminaWorkspace(store_url="sftp://lamina@pod/depot").save("default", overwrite=True)

    obey()

    assert os.environ["LAMINA_STORE_URL"] == "sftp://lamina@pod/depot"


def test_what_the_workspace_block_leaves_empty_stays_the_pods_own() -> None:
    os.environ["LAMINA_WORKSPACE"] = "/mine"
    LaminaWorkspace().save("default", overwrite=True)

    obey()

    assert os.environ["LAMINA_WORKSPACE"] == "/mine"


def test_the_layer_servers_key_reaches_the_run_and_not_the_screen() -> None:
    server = LayerServer(url="http://127.0.0.1:5000", api_key="secret")
    server.save("default", overwrite=True)

    obey()

    assert os.environ["LAMINA_API_KEY"] == "secret"
    assert "secret" not in str(LayerServer.load("default"))


def test_the_pods_own_keys_do_not_go_to_an_address_that_is_typed_into_a_document(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LAMINA_API_KEY", "the pod's")
    monkeypatch.setenv("LAMINA_ADMIN_KEY", "the pod's")
    LayerServer(url="http://elsewhere.example").save("default", overwrite=True)

    obey()

    assert load().api_key is load().admin_key is None


def test_a_layer_server_that_is_away_is_said_in_a_sentence() -> None:
    assert (
        "no server answers at http://127.0.0.1:9" in LayerServer(url="http://127.0.0.1:9").health()
    )


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: LaminaWorkspace(root="workspace"),
        lambda: LaminaWorkspace(store_url="ftp://old"),
        lambda: LayerServer(url="localhost:5000"),
        lambda: TrainingProfile(values={**PRESETS["level1"].model_dump(), "rank": 0}),
    ],
)
def test_what_cannot_be_is_refused_when_it_is_typed(wrong: object) -> None:
    with pytest.raises(ValidationError):
        wrong()  # type: ignore[operator]
