import json
import shutil
from pathlib import Path

import pytest
import vocabularies

from lamina.errors import DamagedError, InvalidInputError
from lamina.prompts import user
from lamina.prompts.folder import folder_prompts


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return vocabularies.gemma(tmp_path_factory.mktemp("vocabulary") / "base")


def test_a_template_inside_the_tokenizer_config_counts(tmp_path: Path, base: Path) -> None:
    older = shutil.copytree(base, tmp_path / "older")
    config = json.loads((older / "tokenizer_config.json").read_bytes())
    config["chat_template"] = (older / "chat_template.jinja").read_text()
    (older / "tokenizer_config.json").write_text(json.dumps(config))
    (older / "chat_template.jinja").unlink()

    assert folder_prompts(base).source == folder_prompts(older).source


def test_a_broken_template_ends_in_one_sentence(tmp_path: Path, base: Path) -> None:
    broken = shutil.copytree(base, tmp_path / "broken")
    (broken / "chat_template.jinja").write_text("{{ raise_exception('no roles') }}")

    with pytest.raises(InvalidInputError, match="no roles"):
        folder_prompts(broken).chat([user("Who?")])


def test_a_tokenizer_without_an_end_is_refused(tmp_path: Path, base: Path) -> None:
    endless = shutil.copytree(base, tmp_path / "endless")
    (endless / "tokenizer_config.json").write_text("{}")

    with pytest.raises(DamagedError, match="no end-of-text token"):
        folder_prompts(endless)
