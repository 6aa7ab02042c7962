"""The calls, one module a subject; none imports another."""
