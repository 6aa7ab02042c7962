"""Running heads, feet and page numbers: found by recurrence and position, then left out."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

from lamina.text.pages import Line, Page

_EDGE_LINES = 4  # printed lines from the top or bottom where heads and feet stand
_MOST_LINES = 8  # of heads that are longer without a gap
_SAME_PLACE_PT = 8.0
_DIGITS = re.compile(r"\d+")
_PAGE_NUMBER = re.compile(
    r"(?:page|p\.|seite)?\s*[-\u2013\u2014|]?\s*(?:[A-Z]{1,2}-)?(?:\d{1,4}|[ivxlc]{1,6})"
    r"\s*[-\u2013\u2014|]?(?:\s*(?:of|/)\s*\d{1,4})?",
    re.IGNORECASE,
)
# That filings have on every page, so that a page alone shows it, too.
_LINKS = frozenset({"table of contents", "back to contents", "index to financial statements"})
_FILING = re.compile(
    r"\bform (?:10|20|8|6)-?[kqf]\b|\bannual report\b|^notes to (?:the )?consolidated financial "
    r"statements(?: \(continued\))?$|\bfinancial statements\s+\d{1,3}$",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_LONG = 10  # words; a line as long is a sentence's, unless most pages have it
_FOOT_BELOW = 0.8  # of the page's height: a last line set apart down there is a foot
_CENTRED = 0.02  # of the page's width, twice the distance of a centred number from the middle
_MARGIN = 0.93  # of the page's width, beyond which nothing but a page number stands alone
_LOWEST_EDGE = 0.08  # of the page's height: where a lone number is a page number

Signature = tuple[str, int]  # text and place
Edges = tuple[list[int], list[int]]  # lines from the top, and from the bottom


def without_running_lines(pages: Sequence[Page]) -> list[tuple[int, list[Line]]]:
    """(page number, its lines) with heads, feet and page numbers taken out.

    A line runs if its text, figures aside, stands at the same place near the edge of at least two
    pages and of a quarter of all (left and right pages differ, chapters have heads of their own).
    """
    printed = [_within_bounds(page) for page in pages if page.lines]
    edges = {page.number: _edges(page) for page in printed}
    running = _recurring(printed, edges, _EDGE_LINES, _signature)
    identical = _recurring(printed, edges, _MOST_LINES, _exact)
    numbers = _page_numbers(printed)
    counting = _counting(printed, edges)

    def runs(page: Page, place: int, index: int) -> bool:
        line = page.lines[index]
        if place >= _EDGE_LINES:  # rows of a table that goes on would differ in their figures
            return _exact(line) in identical
        is_head = _signature(line) in running or line.text.casefold() in _LINKS
        is_number = index == numbers.get(page.number) or (page.number, index) in counting
        return is_head or is_number or _names_the_filing(page, index)

    result = []
    for page in printed:
        dropped = {
            index
            for edge in edges[page.number]
            for index in _outer([(i, runs(page, place, i)) for place, i in enumerate(edge)])
        }
        result.append(
            (page.number, [line for i, line in enumerate(page.lines) if i not in dropped])
        )
    return result


def _outer(edge: Sequence[tuple[int, bool]]) -> Iterator[int]:
    """The running ones of an edge's lines; far from it only while nothing else stands between."""
    is_whole = True
    for place, (index, is_running) in enumerate(edge):
        if place >= _EDGE_LINES and not is_whole:
            return
        if is_running:
            yield index
        is_whole = is_whole and is_running


def _within_bounds(page: Page) -> Page:
    """The page without what stands outside of it, such as printers' marks."""
    if not page.height:
        return page
    lines = tuple(line for line in page.lines if -line.size < line.top < page.height)
    return page.model_copy(update={"lines": lines})


def _edges(page: Page) -> Edges:
    """Indexes of the lines nearest to the top and to the bottom, from the edge inwards."""
    order = [index for index, line in enumerate(page.lines) if line.text]
    if page.height:
        order.sort(key=lambda index: page.lines[index].top)
    return order[:_MOST_LINES], order[::-1][:_MOST_LINES]


def _signature(line: Line) -> Signature:
    return _DIGITS.sub("#", line.text.casefold()), round(line.top / _SAME_PLACE_PT)


def _exact(line: Line) -> Signature:
    return line.text, round(line.top / _SAME_PLACE_PT)


def _recurring(
    pages: Sequence[Page],
    edges: Mapping[int, Edges],
    lines: int,
    sign: Callable[[Line], Signature],
) -> set[Signature]:
    """Signatures on enough pages; a neighbouring place counts as the same."""
    places: dict[Signature, set[int]] = defaultdict(set)
    long: set[Signature] = set()
    for page in pages:
        for index in {index for edge in edges[page.number] for index in edge[:lines]}:
            text, place = sign(page.lines[index])
            if any(char.isalpha() for char in text):
                for near in (place - 1, place, place + 1):
                    places[text, near].add(page.number)
                    if len(text.split()) >= _LONG:
                        long.add((text, near))
    enough, for_long = max(2, len(pages) / 4), max(2, len(pages) / 2)
    return {
        signature
        for signature, numbers in places.items()
        if len(numbers) >= (for_long if signature in long else enough)
    }


def _counting(pages: Sequence[Page], edges: Mapping[int, Edges]) -> set[tuple[int, int]]:
    """(page, line) of outermost lines of words and a number that counts with the pages.

    Their height may differ from page to page: a foot may follow where the text ends.
    """
    found: dict[tuple[str, int], set[tuple[int, int]]] = defaultdict(set)
    for page in pages:
        for index in {edge[0] for edge in edges[page.number] if edge}:
            text = page.lines[index].text.casefold()
            if any(map(str.isalpha, text)):
                for number in _DIGITS.findall(_YEAR.sub("", text)):
                    step = int(number[:9]) - page.number
                    found[_DIGITS.sub("#", text), step].add((page.number, index))
    return set().union(*(places for places in found.values() if len(places) > 1))


def _names_the_filing(page: Page, index: int) -> bool:
    """Whether a short line at the very edge, or the last one, says which filing this page is of."""
    line = page.lines[index]
    is_short = len(line.text.split()) <= _LONG and not line.text.endswith(".")
    if not page.height or not is_short or not _FILING.search(line.text):
        return False
    edge = _LOWEST_EDGE * page.height
    is_last = line.top >= max(other.top for other in page.lines)
    return is_last or line.top < edge or line.top + line.size > page.height - edge


def _page_numbers(pages: Sequence[Page]) -> dict[int, int]:
    """The line that is the page's number, by page: at an edge, or counting with the pages."""
    found = {page.number: _lone_number(page) for page in pages}
    counted: Counter[int] = Counter()
    steps = {}
    for page in pages:
        index = found[page.number]
        if index is not None and page.lines[index].text.isdecimal():
            steps[page.number] = int(page.lines[index].text) - page.number
            counted[steps[page.number]] += 1
    return {
        page.number: index
        for page in pages
        if (index := found[page.number]) is not None
        and (_at_edge(page, index) or counted[steps.get(page.number, 0)] > 1)
    }


def _lone_number(page: Page) -> int | None:
    """The highest or lowest line of a page, if it is alone at its height and but a number."""
    order = [index for index, line in enumerate(page.lines) if line.text]
    if page.height:
        order.sort(key=lambda index: page.lines[index].top)
    for index in (*order[-1:], *order[:1]):
        line = page.lines[index]
        level = [o for o in page.lines if abs(o.top - line.top) <= line.size / 2]
        if _PAGE_NUMBER.fullmatch(line.text) and (len(level) == 1 or not page.height):
            return index
    return None


def _at_edge(page: Page, index: int) -> bool:
    """Whether a line stands at the very top or bottom, or last and set apart near the bottom."""
    if not page.height:
        return True
    line = page.lines[index]
    bottom = line.top + line.size
    edge = _LOWEST_EDGE * page.height
    above = max((o.top + o.size for o in page.lines if o is not line), default=0.0)
    is_set_apart = line.top - above > line.size / 2
    is_centred = abs(line.left + line.right - page.width) < _CENTRED * page.width
    is_marginal = line.left > _MARGIN * page.width
    is_low = line.top > _FOOT_BELOW * page.height
    is_foot = is_set_apart and (is_centred or is_marginal or is_low)
    return line.top < edge or bottom > page.height - edge or is_foot
