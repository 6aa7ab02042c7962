"""Two layers of a server, and the answers that each gives when nobody else was there."""

from collections.abc import Iterator

from lamina.conformance.server import Json, NotOfferedError, RefusedError, Server

BEGINNING = (
    "The tenant pays the rent on the first day of each month. The lease runs for five years and "
    "may be renewed once. The landlord keeps the roof and the walls in repair. "
)
_ENDINGS = (
    "The rent for the second year is",
    "If the tenant leaves early,",
    "The deposit is paid back",
    "Question: who repairs the roof? Answer:",
    "The next thing to know about leases is",
    "In March",
    "It follows that",
    "The parties agree that",
    "A company that reports this lease",
    "The three most important terms are:",
)
ENOUGH = 4  # prompts to compare on
_PLACES = 200  # letters of an answer that a sentence quotes at most


class FailedError(Exception):
    """A promise is not kept; the message says how."""


class Stand:
    """What the checks share. `sets` are the base and both layers, by what sentences call them."""

    def __init__(self, server: Server, one: str, two: str) -> None:
        self.server = server
        self.sets: dict[str, Json] = {
            "the base": server.chosen({}),
            one: server.chosen({one: 1.0}),
            two: server.chosen({two: 1.0}),
        }
        self.one, self.two = one, two
        self.cold: dict[tuple[str, str], str] = {}
        self._kept: list[str] = []

    def layers_answer(self) -> str:
        """Each has its own answers, which do not hang on rounding: without that nothing is shown.

        A prompt is kept where an answer stays the same when its own KV is used again: steps of
        other sizes round otherwise, and a thin lead turns round with them.
        """
        dropped = 0
        for number, ending in enumerate(_ENDINGS):
            prompt = prompt_of("cold", number, ending)
            answers = {who: self._steady(prompt, who) for who in self.sets}
            if None in answers.values() or len(set(answers.values())) < len(answers):
                dropped += 1
                continue
            self._kept.append(ending)
            for who, answer in answers.items():
                self.cold[ending, who] = str(answer)
            if len(self._kept) == ENOUGH:
                break
        if not self._kept:
            msg = "base and layers give the same answers to every prompt, or answers that vary"
            raise FailedError(msg)
        kept = len(self._kept)
        return (
            f"base and both layers answer {kept} prompts in ways of their own, {dropped} set aside"
        )

    def _steady(self, prompt: str, who: str) -> str | None:
        said = {self.ask(prompt, who, cold=cold) for cold in (True, False, False)}
        return said.pop() if len(said) == 1 else None

    def ask(self, prompt: str, who: str, *, cold: bool = False) -> str:
        """What one of the sets answers; cold: without KV of earlier requests, if it can be asked.

        Raises:
            RefusedError: the server answered with an error.

        """
        try:
            return self.server.answer(prompt, self.sets[who], cold=cold)
        except RefusedError:
            if not cold:
                raise
        return self.server.answer(prompt, self.sets[who])  # it knows no `cache_prompt`

    def expect(self, ending: str, who: str, said: str, when: str) -> None:
        """Hold an answer against the cold one.

        Raises:
            FailedError: it is another one.

        """
        wanted = self.cold[ending, who]
        if said == wanted:
            return
        other = [name for name in self.sets if self.cold[ending, name] == said]
        as_whom = f"as {other[0]}" if other else "otherwise"
        msg = (
            f"{when}, {who} answered {as_whom}: {said[:_PLACES]!r} instead of {wanted[:_PLACES]!r}"
        )
        raise FailedError(msg)

    def prompts(self) -> Iterator[tuple[str, str]]:
        """Endings whose cold answers are known, and the prompts that they were asked with.

        Raises:
            NotOfferedError: there are none.

        """
        if not self._kept:
            msg = "there are no answers to compare with"
            raise NotOfferedError(msg)
        for number, ending in enumerate(_ENDINGS):
            if ending in self._kept:
                yield ending, prompt_of("cold", number, ending)


def prompt_of(use: str, number: int, ending: str) -> str:
    """A prompt of its own: what comes first is what caches are keyed by."""
    return f"Case {number}, {use}. {BEGINNING}{ending}"
