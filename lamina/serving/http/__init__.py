"""From a request to its reply.

`guard` lets it in, a body of `requests` holds what it says, one of the `routes` takes it, `plan`
makes sequences of it, `service` hands them to the engine, `answers` brings the events back, and
`delivery` sends them on as `replies` or `errors`; `observer` and `meters` watch.
"""
