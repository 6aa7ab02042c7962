"""Who is asked what, and the asking of a running server."""
