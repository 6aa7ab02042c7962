"""One base, many layers, one engine thread: the HTTP server."""
