"""Answers under a constraint: spelled by hand, and made by the model."""

from lamina.serving.llama import Base, Constraint, Sampler, Sampling


def taken(base: Base, constraint: Constraint, text: str) -> bool:
    """Whether this text is a whole answer, spelled byte by byte."""
    matcher = constraint.start()
    spelled = {base.vocabulary.piece(token): token for token in range(3, 259)}
    for byte in text.encode():
        token = spelled[bytes([byte])]
        if not matcher.allows(token):
            return False
        matcher.take(token)
    return matcher.allows(base.vocabulary.eos)


def answered(base: Base, constraint: Constraint, *, seed: int, n_tokens: int = 200) -> str | None:
    """What the model says under a constraint; None where it is not done after so many tokens.

    The longer the answer, the likelier becomes what may bring it to an end.
    """
    words = base.vocabulary
    closing = [token for token in range(words.size) if words.piece(token) in b'"}]']
    ends = sorted(words.ends)
    sampler = Sampler(words, Sampling(temperature=1, seed=seed, constraint=constraint))
    answer = [words.bos]
    base.forget(0)
    try:
        for position in range(n_tokens):
            logits = base.evaluate(answer[-1:], position=position)
            logits[closing] += position / 3
            logits[ends] += position
            answer.append(sampler.choose(logits))
            if answer[-1] in words.ends:
                return b"".join(map(words.piece, answer[1:-1])).decode()
    finally:
        sampler.close()
    return None
