"""What a base is, whatever form it lies in.

It is recognised in two ways. Its digest covers the Hugging Face files and is exact. Its fingerprint
covers architecture, shapes, tokenizer and the final norm's weights; since quantization leaves
one-dimensional tensors in float32, the fingerprint is the same for the Hugging Face form and for
every GGUF made of it, also for one that somebody else converted.
"""

import json
from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from lamina.errors import DamagedError
from lamina.fingerprint import canonical, file_digest, text_digest
from lamina.gguf import Header, read_f32
from lamina.passport import hf_folder
from lamina.passport.layer import PREFIX


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
    config = hf_folder.read_config(folder)
    weights = hf_folder.weight_files(folder)
    kinds = ("*.json", "*.jinja", "tokenizer.model")  # a chat template is part of the base, too
    files = sorted({path for kind in kinds for path in folder.glob(kind)} | {*weights})
    files = [path for path in files if path.name != "manifest.json"]
    whole = text_digest(canonical({path.name: digest(path) for path in files}))
    return BaseIdentity(
        name=folder.name,
        digest=whole,
        fingerprint=_fingerprint(
            hf_folder.shapes(config),
            hf_folder.tokens(folder, config),
            hf_folder.final_norm(weights, config),
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
