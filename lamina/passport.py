"""What a layer says about itself, and what a base is: carried by PEFT folders and GGUF files alike.

A base is recognised in two ways. Its digest covers the Hugging Face files and is exact. Its
fingerprint covers architecture, shapes, tokenizer and the final norm's weights; since quantization
leaves one-dimensional tensors in float32, the fingerprint is the same for the Hugging Face form and
for every GGUF made of it, also for one that somebody else converted.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from lamina.bases import hf_files
from lamina.errors import DamagedError, NotFoundError
from lamina.fingerprint import canonical, file_digest, text_digest
from lamina.gguf import Header, read_f32

PREFIX = "lamina."
BASE_FILES = ("config.json", "tokenizer.json")


class Passport(BaseModel):
    """Identity papers of a layer. Held-out numbers are mean loss in nats per token."""

    model_config = ConfigDict(frozen=True)

    layer: str
    base_name: str
    base_digest: str = Field(description="sha256 over the base's Hugging Face files")
    base_fingerprint: str = Field(description="see the module; equal for all forms of one base")
    architecture: str
    base_quantized_from: str | None = Field(
        None, description="type that the base's weights had as GGUF before they were unpacked"
    )
    preset: str
    rank: int
    alpha: float
    dataset: str = Field(description="digest of the dataset artifact")
    documents: tuple[str, ...] = Field(description="sha256 of each PDF it was trained on")
    heldout_loss_base: float | None = None
    heldout_loss: float | None = None
    parents: tuple[str, ...] = Field(
        (), description="layers folded into this one, as <layer>:<scale>@<artifact digest>"
    )
    fold_error: float | None = Field(
        None, description="of a folded layer: relative, in the Frobenius norm of its whole change"
    )

    def metadata(self) -> dict[str, str | int | float]:
        """As GGUF metadata: one key a field under `lamina.`, lists as JSON."""
        fields = self.model_dump(mode="json", exclude_none=True)
        if not self.parents:  # files of layers that were trained stay as they were
            del fields["parents"]
        return {
            PREFIX + name: canonical(value) if isinstance(value, list) else value
            for name, value in fields.items()
        }

    @classmethod
    def from_gguf(cls, header: Header) -> "Passport | None":
        """The passport of a GGUF layer; None for one that Lamina did not make.

        Raises:
            DamagedError: there is a passport, but it cannot be read.

        """
        fields: dict[str, Any] = {
            key.removeprefix(PREFIX): value
            for key, value in header.metadata.items()
            if key.startswith(PREFIX)
        }
        if not fields:
            return None
        try:
            for name in ("documents", "parents"):
                fields[name] = json.loads(str(fields.get(name, "[]")))
            return cls.model_validate(fields)
        except ValueError as broken:
            msg = f"the passport in {header.path} cannot be read; export the layer again"
            raise DamagedError(msg) from broken

    @classmethod
    def from_manifest(cls, folder: Path) -> "Passport | None":
        """The passport of a PEFT folder; None where no `manifest.json` with one lies in it."""
        path = folder / "manifest.json"
        try:
            facts = json.loads(path.read_bytes()).get("facts", {})
            return cls.model_validate(facts["passport"]) if "passport" in facts else None
        except FileNotFoundError:
            return None
        except (ValueError, AttributeError) as broken:
            msg = f"the passport in {path} cannot be read; train the layer again"
            raise DamagedError(msg) from broken


class BaseIdentity(BaseModel):
    """What a base model is, whatever form it lies in."""

    model_config = ConfigDict(frozen=True)

    name: str
    digest: str | None = Field(description="of the Hugging Face files; None for a foreign GGUF")
    fingerprint: str
    architecture: str
    layers: tuple[str, ...] = Field((), description="layers merged into it; none for a real base")
    quantized_from: str | None = Field(
        None, description="type that its weights had as GGUF before they were unpacked"
    )


def identify_hf(folder: Path, digest: Callable[[Path], str] = file_digest) -> BaseIdentity:
    """Identity of a base in Hugging Face form; `digest` may remember files it has seen.

    Raises:
        NotFoundError: the folder, or a file that a base needs, is missing.
        DamagedError: a file cannot be read.

    """
    config = _config(folder)
    weights = weight_files(folder)
    kinds = ("*.json", "*.jinja", "tokenizer.model")  # a chat template is part of the base, too
    files = sorted({path for kind in kinds for path in folder.glob(kind)} | {*weights})
    files = [path for path in files if path.name != "manifest.json"]
    whole = text_digest(canonical({path.name: digest(path) for path in files}))
    return BaseIdentity(
        name=folder.name,
        digest=whole,
        fingerprint=_fingerprint(
            hf_files.shapes(config), hf_files.tokens(folder, config), hf_files.norm(weights, config)
        ),
        architecture=str(config["model_type"]),
        layers=tuple(config.get("lamina", {}).get("layers", ())),
        quantized_from=config.get("lamina_source", {}).get("quantized"),
    )


def identify_gguf(header: Header) -> BaseIdentity:
    """Identity of a base as GGUF, from its header and final norm.

    Raises:
        DamagedError: the file is a layer or lacks what a model needs.

    """
    architecture = header.text("general.architecture")
    tokens = header.metadata.get("tokenizer.ggml.tokens")
    if header.text("general.type") == "adapter" or not architecture or not isinstance(tokens, list):
        msg = f"{header.path} is no model but {header.text('general.type') or 'something else'}"
        raise DamagedError(msg)
    keys = ("embedding_length", "block_count", "feed_forward_length", "attention.head_count")
    shapes = [int(header.number(f"{architecture}.{key}") or 0) for key in keys]
    layers = json.loads(header.text(f"{PREFIX}layers") or "[]")
    return BaseIdentity(
        name=header.text(f"{PREFIX}base_name") or header.path.stem,
        digest=header.text(f"{PREFIX}base_digest"),
        # Our own files say it, which holds also where a converter renames a base's odd tokens.
        fingerprint=header.text(f"{PREFIX}base_fingerprint")
        or _fingerprint(
            [*shapes, len(tokens)],
            [str(token) for token in tokens],
            read_f32(header, "output_norm.weight"),
        ),
        architecture=architecture,
        layers=tuple(layers),
        quantized_from=header.text(f"{PREFIX}base_quantized_from"),
    )


def _fingerprint(shapes: list[int], tokens: list[str], norm: bytes | None) -> str:
    body = {"shapes": shapes, "tokens": tokens, "norm": (norm or b"").hex()}
    return text_digest(canonical(body))


def _config(folder: Path) -> dict[str, Any]:
    if not folder.is_dir():
        msg = (
            f"base model folder {folder} is not there; add a base with `lamina base add smollm2`, "
            "name another folder with LAMINA_BASE_MODEL, or set LAMINA_BASE_MODEL=tiny"
        )
        raise NotFoundError(msg)
    for name in BASE_FILES:
        if not (folder / name).is_file():
            raise _incomplete(folder, name)
    try:
        config: dict[str, Any] = json.loads((folder / "config.json").read_bytes())
        config["model_type"], config["hidden_size"]
    except (ValueError, KeyError, TypeError) as broken:
        msg = f"{folder / 'config.json'} is no model configuration; copy the model again"
        raise DamagedError(msg) from broken
    return config


def _incomplete(folder: Path, name: str) -> NotFoundError:
    return NotFoundError(
        f"base model folder {folder} is incomplete: {name} is missing; copy the model again"
    )


def weight_files(folder: Path) -> list[Path]:
    """The safetensors files that make up a model: those of its index, or the single one."""
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        names = sorted(set(json.loads(index.read_bytes())["weight_map"].values()))
    else:
        names = ["model.safetensors"]
    for name in names:
        if not (folder / name).is_file():
            raise _incomplete(folder, name)
    return [folder / name for name in names]
