"""Pages to chunks to splits to rows."""
