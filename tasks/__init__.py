"""Thin Prefect tasks, one a stage: cache policy, retries, progress. The work is in `lamina`."""
