"""What a layer was trained on, as the counts of its telling words: small enough to travel with it.

Each document has counts of its own, for a question that names a company is answered by what was
read of that company. Terms are numbers, so that no text can be read out of a file. A profile is
written as a text of at most `LIMIT` characters, as GGUF metadata take texts; what was said most
rarely is left out first.
"""

import base64
import string
import struct
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lamina.errors import DamagedError
from lamina.text.rows import Row
from lamina.text.terms import terms

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

VERSION = 1  # of what is counted and how it is written
KEY = "profile"  # in the metadata, behind the passport's prefix
LIMIT = 50_000  # characters
MOST_DOCUMENTS = 64  # more are put together, those that speak of the same
BITS = 24  # of a term's number: of 10,000 terms, one in 1,700 is taken for another
_MOST_COUNT = 255
_MOST_TERMS = 16_000  # of one document
_HEAD = struct.Struct("<BBI")  # version, documents, terms
_MOST_BYTES = 1 << 24  # unpacked
_SIGNS = string.digits + string.ascii_uppercase + string.ascii_lowercase + "!#$%&()*+-;<=>?@^_`{|}~"
_DIGITS = bytes(_SIGNS.find(chr(sign)) % 256 for sign in range(256))  # 255: none


@dataclass(frozen=True)
class Profile:
    """How often each document says each term."""

    terms: "NDArray[np.uint32]"  # (terms,), sorted
    counts: "NDArray[np.uint8]"  # (documents, terms)


def number(term: str) -> int:
    """A term's number, the same everywhere."""
    return zlib.crc32(term.encode("utf-8", "replace")) >> (32 - BITS)


def of_rows(rows: Iterable[Row]) -> str:
    """The profile of what a layer is trained on; empty where there are no telling words."""
    documents: dict[str, Counter[str]] = defaultdict(Counter)
    subjects: dict[str, str] = {}
    for row in rows:
        subjects.setdefault(row.document, row.subject)
        counts = documents[row.document]
        for text in (row.subject, row.question or "", row.text):
            counts.update(terms(text))
        if len(counts) > 2 * _MOST_TERMS:  # so that a layer of whole books takes no more memory
            documents[row.document] = Counter(dict(counts.most_common(_MOST_TERMS)))
    ordered = sorted(documents, key=lambda one: (subjects[one], one))
    together = -(-len(ordered) // MOST_DOCUMENTS) or 1
    groups = [ordered[at : at + together] for at in range(0, len(ordered), together)]
    return _fitting([_sum(documents[one] for one in group) for group in groups])


def read(text: str) -> Profile:
    """A profile that `of_rows` wrote.

    Raises:
        DamagedError: it is none.

    """
    import numpy as np

    try:
        unpacker = zlib.decompressobj()
        raw = unpacker.decompress(_decoded(text), _MOST_BYTES)
        version, documents, size = _HEAD.unpack_from(raw)
        whole = len(raw) == _HEAD.size + size * (4 + documents)
        if version != VERSION or not (unpacker.eof and whole):
            raise ValueError  # noqa: TRY301 - told below
        planes = np.frombuffer(raw, np.uint8, 4 * size, _HEAD.size)
        steps = planes.reshape(4, size).T.copy().view("<u4").ravel()
        counts = np.frombuffer(raw, np.uint8, documents * size, _HEAD.size + 4 * size)
        numbers = np.cumsum(steps, dtype=np.uint64)
        sorts = size > 0 and steps[1:].all() and not int(numbers[-1]) >> BITS
        if not (sorts and counts.any()):
            raise ValueError  # noqa: TRY301 - told below
    except (ValueError, zlib.error, struct.error) as broken:
        msg = "its profile cannot be read"
        raise DamagedError(msg) from broken
    return Profile(numbers.astype(np.uint32), counts.reshape(documents, size))


def _decoded(text: str) -> bytes:
    """What `base64.b85decode` gives, in a twentieth of its time.

    Raises:
        ValueError: it is no base 85.

    """
    import numpy as np

    missing = -len(text) % 5
    digits = np.frombuffer((text + "~" * missing).encode("ascii").translate(_DIGITS), np.uint8)
    powers = np.array([85**4, 85**3, 85**2, 85, 1], np.uint64)
    numbers = digits.reshape(-1, 5).astype(np.uint64) @ powers
    if (digits >= len(_SIGNS)).any() or (numbers >> np.uint64(32)).any():
        raise ValueError
    return numbers.astype(">u4").tobytes()[: 4 * len(numbers) - missing]


def _sum(parts: Iterable[Counter[str]]) -> Counter[str]:
    whole: Counter[str] = Counter()
    for part in parts:
        whole.update(part)
    return whole


def _fitting(documents: list[Counter[str]]) -> str:
    """With all terms, or as many as there is room for."""
    total = _sum(documents)
    # A pair is rarer than its words and says the same: it counts for half.
    ordered = sorted(total, key=lambda one: (-total[one] * (1 if " " in one else 2), one))
    kept = len(ordered)
    while len(text := _written(documents, ordered[:kept])) > LIMIT:
        kept = kept * LIMIT // len(text) * 31 // 32
    return text if kept else ""


def _written(documents: list[Counter[str]], kept: list[str]) -> str:
    import numpy as np

    numbers = sorted({number(term) for term in kept})
    at = {one: place for place, one in enumerate(numbers)}
    places = {term: at[number(term)] for term in kept}
    counts = np.zeros((len(documents), len(numbers)), np.uint32)
    for row, document in zip(counts, documents, strict=True):
        for term, count in document.items():
            if term in places:
                row[places[term]] += count
    steps = np.diff(np.array(numbers, "<u4"), prepend=np.uint32(0)).astype("<u4")
    planes = steps.view(np.uint8).reshape(-1, 4).T  # high bytes are alike: together they pack well
    body = planes.tobytes() + np.minimum(counts, _MOST_COUNT).astype(np.uint8).tobytes()
    head = _HEAD.pack(VERSION, len(documents), len(numbers))
    return base64.b85encode(zlib.compress(head + body, 9)).decode("ascii")
