"""What an answer may be made of, token by token: JSON schemas and grammars, kept by llguidance.

It builds nothing before a token asks for it and counts its work, so that no request can make it
large or slow (docs/adr/0013). What it cannot keep it names. Building happens on the request's
thread, without the GIL; only the questions about tokens are the engine's.
"""

import json
import threading
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from lamina.errors import InvalidInputError
from lamina.prompts import CallForm
from lamina.serving.llama.calls import lark_of_calls
from lamina.serving.llama.grammars import lark_of_grammar
from lamina.serving.llama.schemas import check_schema
from lamina.serving.llama.vocabulary import Vocabulary

# Any way to spell an answer in tokens will do: llguidance would insist on the shortest one, for
# which it has to know how this vocabulary cuts texts.
_ANY_SPELLING = '%llguidance {"no_forcing": true}\n'
_PREFIX = "failed to compile JSON schema: "  # of what llguidance says
_LISTING = "\n   1 |"  # there it begins to quote


class Matcher:
    """One answer's way through its constraint. Engine thread only."""

    def __init__(self, matcher: Any, ends: frozenset[int]) -> None:  # noqa: ANN401 - LLMatcher
        self._matcher = matcher
        self._ends = ends
        self._over = False  # the end was taken: what a caller of `ignore_eos` gets then is free

    def allows(self, token: int) -> bool:
        """Whether this token may come next."""
        if self._over:
            return True
        if self._matcher.is_stopped():  # the answer is whole
            return token in self._ends
        return bool(self._matcher.validate_tokens([token]) == 1)

    def allowed(self) -> npt.NDArray[np.bool_]:
        """Which tokens may come next, shape (n_vocab,).

        Raises:
            InvalidInputError: none may, or finding out takes more work than a request may cause.

        """
        mask = np.frombuffer(self._matcher.compute_logit_bias(), np.uint8).astype(bool)
        if self._matcher.is_error() or not mask.any():
            raise _refused(self._matcher)
        return mask

    def take(self, token: int) -> None:
        """The answer goes on with this token.

        Raises:
            InvalidInputError: it may not.

        """
        if not self._over and not self._matcher.consume_token(token):
            raise _refused(self._matcher)
        self._over = self._over or token in self._ends


class Constraint:
    """A schema or a grammar, checked and ready; any number of answers start from it."""

    def __init__(self, prototype: Any, ends: frozenset[int]) -> None:  # noqa: ANN401 - LLMatcher
        self._prototype = prototype
        self._ends = ends

    def start(self) -> Matcher:
        """For one answer."""
        return Matcher(self._prototype.deep_copy(), self._ends)


class Constraints:
    """Makes constraints for one vocabulary. Thread-safe."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._tokenizer: Any = None
        self._lock = threading.Lock()

    def of_schema(self, schema: Mapping[str, Any]) -> Constraint:
        """Answers are JSON that this schema describes, with at most one space between two signs.

        Raises:
            InvalidInputError: it asks for something that cannot be kept, or nothing can satisfy it.

        """
        check_schema(schema)
        body = json.dumps({**schema, "x-guidance": {"whitespace_pattern": " ?"}})
        return self._built(f"{_ANY_SPELLING}start: %json {body}", "JSON schema")

    def of_grammar(self, gbnf: str) -> Constraint:
        """Answers are what this GBNF describes from `root` on.

        Raises:
            InvalidInputError: it cannot be read, or nothing can satisfy it.

        """
        lark = lark_of_grammar(gbnf).replace("%llguidance {}\n", _ANY_SPELLING, 1)
        return self._built(lark, "grammar")

    def of_calls(
        self,
        form: CallForm,
        schemas: Mapping[str, Mapping[str, Any]],
        *,
        must_call: bool,
        several: bool,
    ) -> Constraint:
        """Answers are text, calls of these functions, or both; only calls where one must be.

        Raises:
            InvalidInputError: the arguments' schemas ask for something that cannot be kept.

        """
        words = self._vocabulary
        specials = {words.text_of(token): token for token in self.spelled(form)}
        lark = lark_of_calls(form, schemas, specials, must_call=must_call, several=several)
        return self._built(_ANY_SPELLING + lark, "tools")

    def spelled(self, form: CallForm) -> frozenset[int]:
        """Special tokens that a call is written with."""
        ids = self._vocabulary.tokenize("\n".join(form.parts), add_bos=False, parse_special=True)
        return self._vocabulary.controls.intersection(ids)

    def _built(self, lark: str, what: str) -> Constraint:
        from llguidance import LLMatcher, LLParserLimits

        # Half of its own limits or less: those let one token cost 15 ms.
        limits = LLParserLimits(
            initial_lexer_fuel=200_000,
            step_lexer_fuel=100_000,
            step_max_items=20_000,
            max_lexer_states=20_000,
            max_grammar_size=100_000,
            verbose_errors=False,
        )
        grammar = LLMatcher.grammar_from_lark(lark)
        matcher = LLMatcher(self._known_tokens(), grammar, log_level=0, limits=limits)
        if matcher.is_error():
            said = matcher.get_error().partition(_LISTING)[0].rpartition(_PREFIX)[2]
            reason = " ".join(said.split())[:300]
            msg = f"the {what} cannot be kept ({reason}); simplify it, or leave that out"
            raise InvalidInputError(msg)
        constraint = Constraint(matcher, self._vocabulary.ends)
        constraint.start().allowed()  # some of what is wrong shows at the first token only
        return constraint

    def _known_tokens(self) -> Any:  # noqa: ANN401 - llguidance.LLTokenizer
        from llguidance import LLTokenizer, TokenizerWrapper

        with self._lock:
            if self._tokenizer is None:
                words = self._vocabulary
                if not words.ends:
                    msg = "this base knows no end of a text; ask without schema and grammar"
                    raise InvalidInputError(msg)
                self._tokenizer = LLTokenizer(
                    TokenizerWrapper(_Pieces(words)), words.size, sorted(words.ends)
                )
            return self._tokenizer


class _Pieces:
    """A vocabulary as llguidance takes it."""

    def __init__(self, words: Vocabulary) -> None:
        self.eos_token_id = min(words.ends)
        self.bos_token_id = words.bos if words.bos >= 0 else None
        self.tokens = [words.piece(token, special=True) for token in range(words.size)]
        self.special_token_ids = sorted(words.controls | words.ends)

    def __call__(self, _text: bytes) -> list[int]:
        """Texts to tokens, which `_ANY_SPELLING` never asks for."""
        return []


def _refused(matcher: Any) -> InvalidInputError:  # noqa: ANN401 - llguidance.LLMatcher
    reason = matcher.get_error().partition("\n")[0][:200] or "nothing can come next"
    return InvalidInputError(
        f"the answer cannot go on as its schema or grammar asks ({reason}); simplify it"
    )
