"""Where settings come from, and what is refused."""

from pathlib import Path

import pytest

from lamina import settings
from lamina.errors import InvalidInputError, ResourceError
from lamina.workspace import EMBEDDED_BASE, Workspace, checked_layer_name


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for field in settings.Settings.model_fields:
        for name in settings.names(field):
            monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("variable", "field"),
    [
        ("MODEL_PATH", "model_path"),
        ("PDF_ARCHIVE_PATH", "pdf_archive_path"),
        ("N_CTX", "n_ctx"),
        ("N_THREADS", "n_threads"),
        ("TTYD_PORT", "ttyd_port"),
        ("LAMINA_WORKSPACE", "workspace"),
    ],
)
def test_the_names_people_know_are_honoured(
    monkeypatch: pytest.MonkeyPatch, variable: str, field: str
) -> None:
    monkeypatch.setenv(variable, "777")

    assert str(getattr(settings.load(), field)) == "777"
    assert settings.origin(field) == f"environment {variable}"


def test_a_dotenv_file_is_read_and_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("N_CTX=512\n")

    assert settings.load().n_ctx == 512
    assert settings.origin("n_ctx") == ".env N_CTX"
    assert settings.origin("port") == "default"


def test_a_value_that_cannot_be_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("N_CTX", "many")

    with pytest.raises(InvalidInputError, match="N_CTX cannot be 'many'"):
        settings.load()


@pytest.mark.parametrize("name", ["../etc", "a/b", "..", "a..b", "", ".hidden", "x" * 101, "a b"])
def test_a_layer_name_that_could_leave_its_folder_is_refused(name: str) -> None:
    with pytest.raises(InvalidInputError, match="layer name"):
        checked_layer_name(name)


@pytest.mark.parametrize("name", ["base", "default"])
def test_a_layer_name_with_a_meaning_on_the_server_is_refused(name: str) -> None:
    with pytest.raises(InvalidInputError, match="meaning of its own"):
        checked_layer_name(name)


@pytest.mark.parametrize("name", ["base ", " merged", "a b", "my.layer ", "x" * 120])
def test_the_name_that_is_suggested_is_accepted(name: str) -> None:
    with pytest.raises(InvalidInputError, match="such as") as refused:
        checked_layer_name(name)

    suggested = str(refused.value).rsplit("such as ", 1)[1]
    assert checked_layer_name(suggested) == suggested


def test_tiny_names_the_embedded_base() -> None:
    assert Workspace(settings.load(base_model="tiny")).base == EMBEDDED_BASE


def test_a_workspace_that_cannot_be_made_says_which_and_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(ResourceError, match=r"file.*LAMINA_WORKSPACE"):
        Workspace(settings.load(workspace=tmp_path / "file" / "w")).make()


def test_margins_are_set_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAMINA_MARGINS", '{"questions": 15}')

    margins = settings.load().margins

    assert (margins.questions, margins.documents) == (15, 5)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ('{"documents": 1}', "setting LAMINA_MARGINS: documents cannot be 1: .* at least 3"),
        ('{"question": 9}', "setting LAMINA_MARGINS: question is unknown; .* questions"),
        ("questions=9", "setting LAMINA_MARGINS is no JSON; write it as .*questions"),
    ],
)
def test_a_margin_that_cannot_be_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, value: str, said: str
) -> None:
    monkeypatch.setenv("LAMINA_MARGINS", value)

    with pytest.raises(InvalidInputError, match=said):
        settings.load()
