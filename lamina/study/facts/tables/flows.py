"""Whether a figure is of a time or of a day, where a head says no more than a date."""

import re

_FLOW = re.compile(
    r"\b(?:costs?|expenses?|income|revenues?|sales|provision|amortization|depreciation|paid|granted|"
    r"additions?|earnings|charges?|payments?|benefit|cash\s+(?:in|out)?flows?|purchases?|proceeds|"
    r"contributions?|during\s+(?:each|the)\s+(?:periods?|years?)|for\s+the\s+(?:fiscal\s+)?(?:years?|periods?|three|six|nine|quarters?))\b",
    re.IGNORECASE,
)
_STOCK = re.compile(
    r"\b(?:assets?|cost\s+basis|liabilit(?:y|ies)|balances?|outstanding|payables?|receivables?|inventor(?:y|ies)|"
    r"equity|obligations?|remaining|accumulated|allowance|securities|debt|accrued|deferred|"
    r"unrecognized|discount\s+rates?|as\s+of|goodwill|carrying|fair\s+values?|property|plant|equipment|exercisable|"
    r"exercise price|maturities)\b",
    re.IGNORECASE,
)
_BEGINNING = re.compile(r"\b(?:beginning|opening|start)\b", re.IGNORECASE)


def is_flow(lead: str, label: str) -> bool | None:
    """True for a time, false for a day; none where the words leave that open."""
    if _BEGINNING.search(label):  # it is not of the day that the head gives
        return True
    for text in (lead, label):
        flow, stock = _FLOW.search(text), _STOCK.search(text)
        if bool(flow) != bool(stock):
            return bool(flow)
    return None
