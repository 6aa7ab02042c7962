"""The whole examination."""

import json
from pathlib import Path

from lamina.doctor import examine
from lamina.settings import Settings
from lamina.workspace import Workspace


def test_an_examination_leaves_nothing_behind(settings: Settings, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))

    examine(settings, Workspace(settings))

    assert sorted(tmp_path.rglob("*")) == before


def test_findings_are_plain_json_and_problems_carry_a_remedy(settings: Settings) -> None:
    found = examine(settings, Workspace(settings))

    assert json.loads(json.dumps([finding.model_dump(mode="json") for finding in found]))
    assert all(finding.remedy for finding in found if finding.level != "ok")
