"""Prefect blocks: data and credentials only."""
