"""Every stage as a plain function of a pod: what the command line calls and the tasks wrap.

Each function names what it needs (references, identities) and gives a reference. Files that people
look at are put in place by the `publish_*` functions, so that a cached stage still leaves its view.
"""
