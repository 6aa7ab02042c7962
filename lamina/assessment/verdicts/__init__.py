"""The rule: when a layer is promoted, and why it is held. Pure."""
