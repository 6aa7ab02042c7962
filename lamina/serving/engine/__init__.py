"""One thread that owns every llama.cpp handle, and what it decides by: pure functions."""
