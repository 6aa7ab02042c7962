"""A GGUF model as a Hugging Face folder: shapes, vocabulary, weights."""

import json
from math import prod
from pathlib import Path
from typing import Any

from lamina.bases.families import config_of, damaged, family_of
from lamina.bases.tensors import weights_of
from lamina.bases.tokenizer_files import generation_config, write_tokenizer
from lamina.bases.vocabulary import Vocabulary, vocabulary_of
from lamina.bases.weights import Unpacked, write_weights
from lamina.disk import check_disk
from lamina.gguf import read_header
from lamina.progress import Progress

_EXACT = {"F32", "F16", "BF16"}


def import_gguf(
    file: Path, folder: Path, *, llama_cpp_dir: Path, progress: Progress
) -> dict[str, Any]:
    """Fill an empty folder; what is true of the model, such as the type that its weights had.

    Raises:
        NotFoundError: there is no such file.
        DamagedError: it is cut short, or contradicts itself.
        InvalidInputError: it is a model that cannot be taken over.
        ResourceError: the disk has no room, or llama.cpp's package is not there.

    """
    header = read_header(file)
    family, vocabulary = family_of(header), vocabulary_of(header)
    config = config_of(header) | _tokens(vocabulary)
    if len(vocabulary.pieces) != config["vocab_size"]:
        said = f"it has {len(vocabulary.pieces)} tokens and {config['vocab_size']} embeddings"
        raise damaged(header, said)
    weights = weights_of(header, family, config)
    source = Unpacked(header, llama_cpp_dir)
    for weight in weights:
        source.kind(weight)  # a file that is cut short is refused before anything is written
    parameters = sum(prod(weight.shape) for weight in weights)
    check_disk(f"taking {file.name} as a base", folder.parent, 2 * parameters)
    kinds = write_weights(folder, weights, source, progress)
    quantized = main_type(kinds)
    source_of = {"lamina_source": {"quantized": quantized}} if quantized else {}
    _json(folder / "config.json", config | source_of)
    _json(folder / "generation_config.json", generation_config(vocabulary))
    write_tokenizer(folder, vocabulary, int(config["max_position_embeddings"]))
    return {
        "parameters": parameters,
        "quantized_from": quantized,
        "types": kinds,
        "licence": header.text("general.license"),
    }


def main_type(kinds: dict[str, int]) -> str | None:
    """The type that most values had, as llama.cpp names it; None where nothing was rounded."""
    rounded = {kind: count for kind, count in kinds.items() if kind not in _EXACT}
    return max(rounded, key=lambda kind: rounded[kind]) if rounded else None


def _tokens(vocabulary: Vocabulary) -> dict[str, Any]:
    ends = generation_config(vocabulary)
    return ends | {"eos_token_id": vocabulary.eos}


def _json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
