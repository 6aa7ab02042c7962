"""One layer to train: what it is made of, checked, read and planned. No torch."""

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from lamina.artifacts import ArtifactRef
from lamina.errors import InvalidInputError, MismatchError
from lamina.passport import BaseIdentity, Passport
from lamina.prompts import Prompts
from lamina.prompts.folder import folder_prompts
from lamina.store import Store
from lamina.text.rows import read_rows
from lamina.text.study_rows import read_study_rows
from lamina.training.documents import Document, encode_rows
from lamina.training.mix import NOTHING_BESIDE, Mix
from lamina.training.packing import Step
from lamina.training.plan import Plan, plan_run, run_steps
from lamina.training.profiles import Dtype, Profile, Quantize
from lamina.training.streams import Pieces
from lamina.training.suits import peak_rate
from lamina.training.taught import Taught, taught


class LayerOrder(BaseModel):
    """One layer to train.

    `dataset` is an artifact with train.jsonl and validation.jsonl; `mix` what is trained on beside
    it, as far as the profile says.
    """

    model_config = ConfigDict(frozen=True)

    layer: str
    dataset: ArtifactRef
    base_folder: Path
    base: BaseIdentity
    profile: Profile
    seed: int
    mix: Mix = NOTHING_BESIDE

    def inputs(self) -> dict[str, object]:
        """What the result depends on: content, no path."""
        return {
            "layer": self.layer,
            "dataset": self.dataset,
            "base": self.base.digest,
            "profile": self.profile,
            "seed": self.seed,
            "mix": self.mix.wanted(self.profile),
        }

    def check(self) -> None:
        """Refuse what could only come out wrong.

        Raises:
            MismatchError: the base is no plain base.
            InvalidInputError: general rows are wanted, and there are none to take.

        """
        if self.base.layers:
            held = ", ".join(self.base.layers)
            msg = f"base {self.base.name} already contains {held}; train on the plain base"
            raise MismatchError(msg)
        if self.profile.general_share and self.mix.general is None:
            msg = (
                f"layer {self.layer} wants {self.profile.general_share:.0%} general rows, but "
                "there is no general dataset; put PDFs directly into raw_pdfs, or set "
                "general_share to 0"
            )
            raise InvalidInputError(msg)

    def on(self, quantize: Quantize, dtype: Dtype) -> "LayerOrder":
        """The order with `auto` decided, for planning; its identity stays that of the original."""
        profile = self.profile.model_copy(update={"quantize": quantize, "dtype": dtype})
        return self.model_copy(update={"profile": profile})

    def documents(self, store: Store, split: Literal["train", "validation"]) -> list[Document]:
        """The split's rows as token ids; behind the layer's own those of its mix.

        Raises:
            InvalidInputError: the dataset has no training rows.

        """
        own = self._encoded(store, self.dataset, split)
        mix = self.mix.wanted(self.profile)
        taught = self._taught(store, mix)
        if split == "validation":
            return own + taught.held
        if not own:
            msg = (
                f"dataset {self.dataset} has no training rows for layer {self.layer}; "
                "add PDFs with text and run build_dataset"
            )
            raise InvalidInputError(msg)
        text = own
        if mix.general:
            share = self.profile.general_share
            wanted = share / (1 - share) * sum(self._repeats(own, [len(each.ids) for each in own]))
            text = own + self._some(self._encoded(store, mix.general, split), wanted)
        kept = self._encoded(store, mix.replay, split) if mix.replay else []
        return [*text, *taught.train, *(replace(one, stream="replay") for one in kept)]

    def _taught(self, store: Store, mix: Mix) -> Taught:
        if mix.study is None:
            return Taught([], [])
        return _taught(
            store.open(mix.study),
            _prompts(self.base_folder, self.base.digest),
            self.profile.sequence_tokens,
            self.seed,
            store.open(mix.teacher) if mix.teacher else None,
            self.profile.teacher_share,
        )

    def _encoded(self, store: Store, dataset: ArtifactRef, split: str) -> list[Document]:
        rows = read_rows(store.open(dataset) / f"{split}.jsonl")
        prompts = _prompts(self.base_folder, self.base.digest)
        return encode_rows(rows, prompts, self.profile.sequence_tokens)

    def _some(self, documents: list[Document], tokens: float) -> list[Document]:
        """Documents in an order of the seed's, until the tokens are reached; all if too few."""
        random.Random(f"{self.seed}:general:{self.layer}").shuffle(documents)
        taken: list[Document] = []
        for document in documents:
            if tokens <= 0:
                break
            tokens -= len(document.ids) * (self.profile.qa_repeat if document.is_qa else 1)
            taken.append(document)
        return taken

    def plan(self, train: Sequence[Document]) -> Plan:
        """The derived numbers of a run over these documents."""
        return plan_run(self.profile, self.config(), self._pieces(train), seed=self.seed)

    def config(self) -> dict[str, Any]:
        """The base's `config.json`."""
        found: dict[str, Any] = json.loads((self.base_folder / "config.json").read_bytes())
        return found

    def steps(self, train: Sequence[Document]) -> list[Step]:
        """The whole run's packs, in order."""
        return run_steps(self.profile, self._pieces(train), self.seed)

    def rate(self) -> float:
        """Peak learning rate on this base."""
        return peak_rate(self.profile, self.config())

    def _pieces(self, train: Sequence[Document]) -> Pieces:
        return Pieces(
            lengths=[len(document.ids) for document in train],
            repeats=self._repeats(train, [1] * len(train)),
            streams=[document.stream for document in train],
            facts=[document.fact for document in train],
        )

    def _repeats(self, train: Sequence[Document], once: Sequence[int]) -> list[int]:
        """The numbers, times how often each document is seen in one epoch."""
        pairs = zip(train, once, strict=True)
        return [n * (self.profile.qa_repeat if each.is_qa else 1) for each, n in pairs]

    def passport(
        self, store: Store, loss_before: float | None, loss_after: float | None
    ) -> Passport:
        """The layer's identity papers; losses are held-out, in nats a token."""
        return Passport(
            layer=self.layer,
            base_name=self.base.name,
            base_digest=self.base.digest or "",
            base_fingerprint=self.base.fingerprint,
            architecture=self.base.architecture,
            base_quantized_from=self.base.quantized_from,
            preset=self.profile.name,
            rank=self.profile.rank,
            alpha=self.profile.alpha,
            dataset=self.dataset.digest,
            documents=tuple(store.manifest(self.dataset).facts.get("documents", ())),
            heldout_loss_base=loss_before,
            heldout_loss=loss_after,
        )


@lru_cache(maxsize=1)
def _prompts(folder: Path, digest: str | None) -> Prompts:
    """What the base reads, its tokenizer read once a process for all layers on it."""
    del digest  # only part of the key: another content under the same path is another base
    return folder_prompts(folder)


@lru_cache(maxsize=1)  # asked for training, and again for what is held out
def _taught(  # noqa: PLR0913, PLR0917 - what the documents hang on
    folder: Path, prompts: Prompts, limit: int, seed: int, teacher: Path | None, share: float
) -> Taught:
    """A study artifact's rows as documents; the folders' names are their content."""
    from lamina.training.teacher import read_teachers

    rows = read_study_rows(folder)
    if teacher is None:
        return taught(rows, prompts, limit, seed)
    return taught(rows, prompts, limit, seed, read_teachers(teacher, share))


def plan_layer(order: LayerOrder, store: Store) -> Plan:
    """The derived numbers of an order, without torch and without training it."""
    order.check()
    return order.plan(order.documents(store, "train"))
