"""Questions and answers written by a model with the page in view, kept only if the page holds them.

`client` asks it, `asking` says what is asked and reads what comes back, `checks` decides what is
kept, `strategy` does it page by page, `self_test` finds out whether the writer is good enough.
"""
