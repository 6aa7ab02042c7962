"""Fields of a request that mean nothing here: which are let pass, and which are refused by name.

A field that would change the answer but is not supported is refused, never ignored. The same holds
for names that nobody knows: a mistyped `lora` would be answered by the base, in silence.
"""

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic_core import PydanticCustomError

# They change nothing in an answer: names for the caller's books, hints about speed, and
# companions of samplers that are themselves refused.
_HARMLESS = frozenset(
    {
        *("user", "store", "metadata", "service_tier", "safety_identifier", "prediction"),
        *("prompt_cache_key", "prompt_cache_retention", "parallel_tool_calls"),
        *("id_slot", "timings_per_token", "return_progress", "return_tokens"),
        *("mirostat_tau", "mirostat_eta", "dry_base", "dry_allowed_length", "xtc_threshold"),
        *("dry_penalty_last_n", "dry_sequence_breakers", "dynatemp_exponent"),
    }
)
# Known elsewhere and not here. Nothing (0, "", []) always switches them off.
_UNSUPPORTED = frozenset(
    {
        *("tools", "functions", "tool_choice", "function_call", "audio", "modalities", "suffix"),
        *("json_schema", "mirostat", "dry_multiplier", "xtc_probability", "samplers", "min_tokens"),
        *("typical_p", "tfs_z", "dynatemp_range", "repeat_last_n", "n_keep", "best_of"),
        *("chat_template_kwargs", "reasoning_effort", "verbosity", "web_search_options"),
    }
)
# What switches some of them off besides.
_OFF: Mapping[str, tuple[object, ...]] = {
    "tool_choice": ("none", "auto"),
    "function_call": ("none", "auto"),
    "modalities": (["text"],),
    "typical_p": (1,),
    "tfs_z": (1,),
    "repeat_last_n": (64,),
    "best_of": (1,),
}
_REMEDIES: Mapping[str, str] = {
    "best_of": "ask for n choices",
    "functions": "send tools",
    "function_call": "send tool_choice",
}


def known_fields(values: Mapping[str, Any], known: Collection[str]) -> dict[str, Any]:
    """The fields that this server knows, without those left open: clients send null for them.

    Raises:
        PydanticCustomError: another one stands there that would change the answer.

    """
    kept = {}
    for name, value in values.items():
        if name in known:
            if value is not None:
                kept[name] = value
        elif value is not None and name not in _HARMLESS:
            _check_unknown(name, value, values, known)
    return kept


def _check_unknown(
    name: str, value: object, values: Mapping[str, Any], known: Collection[str]
) -> None:
    if name in _UNSUPPORTED:
        if not value or value in _OFF.get(name, ()):
            return
        if name == "best_of" and value == values.get("n"):
            return
        remedy = _REMEDIES.get(name, "leave it out")
        raise refused(name, f"{name} is not supported by this server; {remedy}")
    close = get_close_matches(name, known, 1, cutoff=0.75)
    remedy = f"did you mean {close[0]}?" if close else "leave it out"
    raise refused(name, f"this server knows no field {name[:64]}; {remedy}")


def refused(name: str, message: str) -> PydanticCustomError:
    """What a validator raises about a field that it refuses."""
    return PydanticCustomError("refused", "{text}", {"text": message, "field": name})
