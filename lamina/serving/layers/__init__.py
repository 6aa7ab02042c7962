"""The layers: files that were checked, the blends they make, which of them are in memory."""
