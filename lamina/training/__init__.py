"""A dataset and a base to a layer; torch is known only in `recipe`."""
