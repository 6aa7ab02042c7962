"""Turns tokens into text while they come: whole characters only, and nothing past a stop text."""

import codecs


class Transcript:
    """The text of one answer. What may still become a stop text is held back."""

    def __init__(self, stops: tuple[str, ...] = (), *, strip_first_space: bool = False) -> None:
        self._stops = stops
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""
        self._strip = strip_first_space
        self.stopped = False

    def add(self, piece: bytes) -> str:
        """Take the bytes of one token; returns the text that is now certain."""
        return "" if self.stopped else self._take(self._decoder.decode(piece))

    def finish(self) -> str:
        """The answer is over: what was held back, unless a stop text ended it."""
        if self.stopped:
            return ""
        text = self._take(self._decoder.decode(b"", final=True))
        return "" if self.stopped else text + self._release(len(self._held))

    def _take(self, text: str) -> str:
        if self._strip and text:
            # SentencePiece begins a text with a space that belongs to no one.
            text = text.removeprefix(" ")
            self._strip = False
        self._held += text
        found = [at for stop in self._stops if (at := self._held.find(stop)) >= 0]
        if found:
            self.stopped = True
            certain, self._held = self._held[: min(found)], ""
            return certain
        return self._release(len(self._held) - self._open_end())

    def _open_end(self) -> int:
        """How many characters at the end could begin a stop text."""
        longest = max((len(stop) for stop in self._stops), default=1) - 1
        for size in range(min(longest, len(self._held)), 0, -1):
            if any(stop.startswith(self._held[-size:]) for stop in self._stops):
                return size
        return 0

    def _release(self, count: int) -> str:
        certain, self._held = self._held[:count], self._held[count:]
        return certain
