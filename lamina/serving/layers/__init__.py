"""From a name to the layers that answer, and their place in memory.

`routing` knows what a request's `model` and `lora` mean: `blends`, `saved_blends`, and layers of
the `registry`, which looks at `files` and lets in only what passes the checks of `adapter_file`;
`residency` keeps them in memory.
"""
