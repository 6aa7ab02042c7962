"""Merging layers into a base, and everything that becomes GGUF."""
