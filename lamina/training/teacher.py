"""The base as its own teacher: what it would answer with the page in its prompt (2412.14964).

For each study row the likeliest tokens at every place of its answer, with their log-probabilities,
once the page stands before the question. A layer that is trained on them learns, without the page,
what the base says with it: softer than the one right answer, and as wrong as the base.
"""

import copy
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from lamina.artifacts import ArtifactRef
from lamina.progress import Progress
from lamina.prompts import Prompts, user
from lamina.prompts.folder import folder_prompts
from lamina.store import Stage, Store
from lamina.text.pages import read_stored_pages
from lamina.text.study_rows import StudyRow, read_study_rows
from lamina.text.subjects import read_subjects
from lamina.training.base import Model, load
from lamina.training.documents import Teacher
from lamina.training.generation import with_cache
from lamina.training.order import LayerOrder

if TYPE_CHECKING:
    import torch

STAGE = Stage("teacher", version=1)
K = 16  # likeliest tokens of a place
PAGE_TOKENS = 1024  # of the page at most
_FILE = "teacher.safetensors"
_AT_ONCE = 16


class _Asked(NamedTuple):
    """A row with its page before it: ids, and where the answer begins."""

    ids: list[int]
    first: int


def inputs(order: LayerOrder) -> dict[str, object]:
    """What the teacher's words hang on."""
    return {"study": order.mix.study, "dataset": order.dataset, "base": order.base.digest}


def teach(order: LayerOrder, *, store: Store, progress: Progress) -> ArtifactRef:
    """The teacher's words to the order's study rows, in their order (kind `teacher`).

    `offsets` (rows + 1) says which places are a row's; `tokens` and `logprobs` are (places, K),
    int32 and float16. A row has no places where its page is not at hand. Facts: `rows`, `places`.
    """
    study = order.mix.study
    assert study is not None  # noqa: S101 - the stage asks only where there is one

    def make(folder: Path) -> dict[str, Any]:
        import torch
        from safetensors.torch import save_file

        prompts = folder_prompts(order.base_folder)
        total = int(store.manifest(study).facts.get("rows", 0))
        progress.start("the base's answers with the page", total)
        offsets, tokens, logprobs = [0], [], []
        with with_cache(load(order)) as model:
            for found in _told(model, prompts, order, store):
                if found is not None:
                    tokens.append(found[0])
                    logprobs.append(found[1])
                offsets.append(offsets[-1] + (0 if found is None else len(found[0])))
                progress.advance(len(offsets) - 1)
        places = {
            "offsets": torch.tensor(offsets, dtype=torch.int64),
            "tokens": torch.cat([torch.zeros(0, K, dtype=torch.int32), *tokens]),
            "logprobs": torch.cat([torch.zeros(0, K, dtype=torch.float16), *logprobs]),
        }
        save_file(places, folder / _FILE)
        return {"rows": len(offsets) - 1, "places": offsets[-1]}

    return store.once("teacher", STAGE, inputs(order), make)


def read_teachers(folder: Path, share: float) -> Iterator[Teacher | None]:
    """Of each study row in its order, for this share of its loss."""
    from safetensors.torch import load_file

    found = load_file(folder / _FILE)
    for start, end in zip(found["offsets"].tolist(), found["offsets"].tolist()[1:], strict=False):
        tokens, logprobs = found["tokens"][start:end], found["logprobs"][start:end]
        yield (
            Teacher(tokens.numpy().tobytes(), logprobs.numpy().tobytes(), K, share)
            if end > start
            else None
        )


def _told(
    model: Model, prompts: Prompts, order: LayerOrder, store: Store
) -> "Iterator[tuple[torch.Tensor, torch.Tensor] | None]":
    """Tokens and log-probabilities (n, K) of each row; rows of one page follow each other."""
    assert order.mix.study is not None  # noqa: S101 - as above
    rows = read_study_rows(store.open(order.mix.study))
    texts = _Texts(order.dataset, store)
    for (document, page), own in groupby(rows, key=lambda row: (row.document, row.page)):
        some = list(own)
        text = prompts_text(prompts, texts(document, page))
        if not text:
            yield from (None for _ in some)
            continue
        asked = [_asked(prompts, text, row) for row in some]
        shared = min(prompts.common(asked[0].ids, one.ids) for one in asked)
        shared = min(shared, *(one.first - 1 for one in asked))
        begun = _begun(model, asked[0].ids[:shared])
        for start in range(0, len(asked), _AT_ONCE):
            yield from _likeliest(model, begun, shared, asked[start : start + _AT_ONCE])


class _Texts:
    """Pages of the dataset's documents, one document held at a time."""

    def __init__(self, dataset: ArtifactRef, store: Store) -> None:
        self._subjects = read_subjects(store.open(dataset))
        self._store = store
        self._held: tuple[str, dict[int, str]] = ("", {})

    def __call__(self, document: str, number: int) -> str:
        if document not in self._subjects:
            return ""
        if self._held[0] != document:
            pages = read_stored_pages(self._store, self._subjects[document].pages).pages
            self._held = (document, {page.number: page.text for page in pages})
        return self._held[1].get(number, "")


def prompts_text(prompts: Prompts, text: str) -> str:
    """The page, cut where it would be too long."""
    over = len(prompts.plain(text)) / PAGE_TOKENS
    return text if over <= 1 else text[: int(len(text) / over)]


def _asked(prompts: Prompts, text: str, row: StudyRow) -> _Asked:
    if prompts.source is None:
        ids, first = prompts.passage(f"{text}\n\n{row.question}\n", row.answer)
        return _Asked([*ids, prompts.words.eos_id], max(first, 1))
    return _Asked(*prompts.answered([user(f"{text}\n\n{row.question}")], row.answer))


def _begun(model: Model, ids: Sequence[int]) -> Any:  # noqa: ANN401 - transformers' cache
    """What the model keeps of the page, read once for all its rows."""
    import torch

    read = torch.tensor([ids], device=model.device)
    return model.model(input_ids=read, use_cache=True).past_key_values


def _likeliest(
    model: Model,
    begun: Any,  # noqa: ANN401 - transformers' cache
    shared: int,
    asked: Sequence[_Asked],
) -> "Iterator[tuple[torch.Tensor, torch.Tensor]]":
    import torch

    width = max(len(one.ids) for one in asked) - shared
    padded = [[*one.ids[shared:], *[0] * (width - len(one.ids) + shared)] for one in asked]
    cache = copy.deepcopy(begun)
    cache.batch_repeat_interleave(len(asked))
    hidden = model.model(
        input_ids=torch.tensor(padded, device=model.device),
        position_ids=torch.arange(shared, shared + width, device=model.device).unsqueeze(0),
        past_key_values=cache,
        use_cache=True,
    ).last_hidden_state  # (rows, width, hidden)
    for place, one in enumerate(asked):
        sources = slice(one.first - 1 - shared, len(one.ids) - 1 - shared)
        said = model.lm_head(hidden[place, sources]).float().log_softmax(-1)
        found = said.topk(K, dim=-1)
        yield found.indices.int().cpu(), found.values.half().cpu()
