"""From sequences to their events, on one thread that owns every llama.cpp handle.

`thread` takes sequences and `loop` serves them turn by turn: `scheduler` says whose turn it is and
`placement` where a sequence goes (both pure), `slots` hold what was evaluated, an `occupant` is a
sequence in its slot, `step` evaluates, `transcript` makes text of tokens. Texts that share a prompt
and are only to be scored need no slot: `branching`.
"""
