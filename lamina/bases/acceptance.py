"""Whether an imported base is the model that llama.cpp serves: same token ids, same predictions.

Pure judgement; the engines are asked by whoever brings their answers (stages/bases.py).
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from lamina.bases.battery import passages, texts
from lamina.errors import MismatchError

Tokenize = Callable[[str, bool], Sequence[int]]  # (text, special tokens are understood)
MAX_KL = 0.05  # nats a token; llama.cpp rounds what flows between quantized matrices
MIN_AGREEMENT = 0.85  # of the most likely next tokens


class Agreement(BaseModel):
    """How both engines compare on a base."""

    model_config = ConfigDict(frozen=True)

    texts: int = Field(description="texts that both cut into the same token ids")
    tokens: int = Field(description="next tokens that both foresaw")
    kl: float = Field(description="mean KL(transformers || llama.cpp), nats a token")
    agreement: float = Field(description="share of equal first choices")


class Rebuilt:
    """The tokenizer that was written, asked as training asks it."""

    def __init__(self, folder: Path) -> None:
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))

    def __call__(self, text: str, special: bool) -> list[int]:
        """Ids without BOS; `special` says whether special tokens in the text are understood."""
        self._tokenizer.encode_special_tokens = not special
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def passages(self, bos: int | None) -> list[tuple[int, ...]]:
        """The running texts, each after BOS where the model wants it."""
        head = () if bos is None else (bos,)
        return [(*head, *self(text, special=False)) for text in passages()]


def compare_tokens(name: str, ours: Tokenize, theirs: Tokenize, special: Sequence[str]) -> int:
    """The number of texts compared; all are equal.

    Raises:
        MismatchError: a text is cut otherwise.

    """
    count = 0
    for text in texts(special):
        for understood in (False, True):
            mine, wanted = list(ours(text, understood)), list(theirs(text, understood))
            if mine != wanted:
                at = next(
                    (i for i, (a, b) in enumerate(zip(mine, wanted, strict=False)) if a != b),
                    min(len(mine), len(wanted)),
                )
                msg = (
                    f"{name} is refused: its tokenizer as rebuilt cuts {_shown(text)} otherwise "
                    f"than llama.cpp from token {at} on ({mine[at : at + 4]} instead of "
                    f"{wanted[at : at + 4]}); take the model from a hub or a folder instead"
                )
                raise MismatchError(msg)
        count += 1
    return count


def judge(name: str, texts_equal: int, tokens: int, kl: float, agreement: float) -> Agreement:
    """The comparison, if it is good enough.

    Raises:
        MismatchError: the engines foresee different tokens.

    """
    if not kl <= MAX_KL or agreement < MIN_AGREEMENT:
        msg = (
            f"{name} is refused: transformers and llama.cpp foresee different tokens "
            f"(KL {kl:.3g} nats a token, {agreement:.0%} equal first choices); "
            "take the model from a hub or a folder instead"
        )
        raise MismatchError(msg)
    return Agreement(texts=texts_equal, tokens=tokens, kl=kl, agreement=agreement)


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")  # noqa: PLR2004 - a line's worth
