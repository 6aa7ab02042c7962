"""A base model: taken from GGUF, a hub, a wheel or a folder; proved; kept under its name."""
