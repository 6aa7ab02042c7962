"""Asks a running server, grades the answers, and says what each layer is worth."""
