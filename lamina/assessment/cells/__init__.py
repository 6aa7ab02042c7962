"""What was said when it was asked: kept once, shared by every run and report."""
