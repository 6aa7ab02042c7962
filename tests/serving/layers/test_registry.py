import json
import os
from pathlib import Path

import pytest
import tiny_gguf

from lamina.errors import DamagedError, InvalidInputError, MismatchError, NotFoundError
from lamina.serving.layers.adapter_file import read_base
from lamina.serving.layers.blends import Part
from lamina.serving.layers.registry import Registry


@pytest.fixture
def store(tmp_path: Path, base_gguf: Path) -> Path:
    """A store with one exported layer, Leases, and the PEFT folder that it was made of."""
    peft = tmp_path / "store" / "peft" / ("p" * 64)
    export = tmp_path / "store" / "lora-gguf" / ("e" * 64)
    for folder in (peft, export):
        folder.mkdir(parents=True)
    (peft / "adapter_config.json").write_text("{}")
    (peft / "manifest.json").write_text(json.dumps({"digest": "p" * 64}))
    inputs = {"adapter": ["peft-layer", "p" * 64]}
    (export / "manifest.json").write_text(json.dumps({"digest": "e" * 64, "inputs": inputs}))
    passport = tiny_gguf.passport_for(base_gguf, "Leases")
    tiny_gguf.write_layer(export / "adapter.gguf", base_gguf, seed=4, passport=passport)
    return tmp_path / "store"


@pytest.fixture
def views(tmp_path: Path, store: Path) -> Path:
    """The adapters folder: a link into the store."""
    folder = tmp_path / "adapters"
    folder.mkdir()
    (folder / "Leases.gguf").symlink_to(store / "lora-gguf" / ("e" * 64) / "adapter.gguf")
    return folder


@pytest.fixture
def registry(base_gguf: Path, views: Path, store: Path) -> Registry:
    return Registry(read_base(base_gguf), views, [store])


def names(registry: Registry) -> list[str]:
    return [layer.name for layer in registry.layers()]


def test_a_link_into_the_store_is_a_layer_under_the_links_name(registry: Registry) -> None:
    assert registry.named("Leases").passport.layer == "Leases"


def test_a_removed_link_is_no_layer_any_more(registry: Registry, views: Path) -> None:
    assert names(registry) == ["Leases"]
    (views / "Leases.gguf").unlink()

    assert names(registry) == []


def test_a_swapped_link_is_a_new_version_under_the_same_id(
    registry: Registry, views: Path, base_gguf: Path, tmp_path: Path
) -> None:
    before = registry.named("Leases")
    new = tiny_gguf.write_layer(tmp_path / "new.gguf", base_gguf, seed=9)
    (views / "Leases.gguf").unlink()
    (views / "Leases.gguf").symlink_to(new)
    after = registry.named("Leases")

    assert before.id == after.id
    assert before.digest != after.digest


def test_a_peft_folder_stands_for_what_was_exported_from_it(
    registry: Registry, store: Path
) -> None:
    assert registry.at(store / "peft" / ("p" * 64)) == registry.named("Leases")


def test_a_file_in_the_store_that_nobody_linked_is_called_by_its_passport(
    base_gguf: Path, store: Path
) -> None:
    registry = Registry(read_base(base_gguf), None, [store])

    assert registry.at(store / "lora-gguf" / ("e" * 64) / "adapter.gguf").name == "Leases"


def test_a_link_out_of_the_allowed_folders_is_refused(
    registry: Registry, views: Path, tmp_path: Path, base_gguf: Path
) -> None:
    outside = tiny_gguf.write_layer(tmp_path / "outside.gguf", base_gguf, seed=9)
    (views / "sub").mkdir()
    (views / "sub" / "x.gguf").symlink_to(outside)

    with pytest.raises(InvalidInputError, match="outside the allowed"):
        registry.at(views / "sub" / "x.gguf")


def test_outside_the_roots_present_and_missing_files_look_the_same(registry: Registry) -> None:
    for path in ("/etc/passwd", "/etc/no-such-file"):
        with pytest.raises(InvalidInputError, match="outside the allowed"):
            registry.at(Path(path))


def test_a_pipe_is_not_waited_for(registry: Registry, views: Path) -> None:
    os.mkfifo(views / "pipe.gguf")

    assert names(registry) == ["Leases"]
    with pytest.raises(InvalidInputError, match="neither a file nor a folder"):
        registry.at(views / "pipe.gguf")


def test_two_files_cannot_share_a_name(registry: Registry, store: Path, base_gguf: Path) -> None:
    other = tiny_gguf.write_layer(store / "Leases.gguf", base_gguf, seed=9)

    with pytest.raises(MismatchError, match="already called Leases"):
        registry.at(other)


def test_a_damaged_file_is_known_by_its_problem(registry: Registry, views: Path) -> None:
    (views / "Bad.gguf").write_bytes(b"GGUF")

    assert isinstance(registry.named("Bad").problem, DamagedError)
    with pytest.raises(DamagedError):
        registry.resolve([Part("Bad", 1.0)])


def test_a_name_that_cannot_be_is_known_by_its_problem(
    registry: Registry, views: Path, base_gguf: Path
) -> None:
    tiny_gguf.write_layer(views / "a+b.gguf", base_gguf, seed=9)

    assert isinstance(registry.named("a+b").problem, InvalidInputError)


def test_an_unknown_name_lists_the_known_ones(registry: Registry) -> None:
    with pytest.raises(NotFoundError, match="known layers: Leases"):
        registry.named("Lease")
