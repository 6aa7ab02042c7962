"""Whether a server of layers keeps them apart: any one that speaks OpenAI's completions.

It only asks over HTTP, as clients do, and trusts no word about layers: what counts is whether
greedy answers are the ones that each layer gave when nobody else had been there.
"""

from lamina.conformance.checks import Result, check_server

__all__ = ["Result", "check_server"]
