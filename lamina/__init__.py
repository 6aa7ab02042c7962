"""Lamina: domain LoRA layers, made from PDFs, served as blends over one base, and measured.

The package is the product and imports no orchestrator; `flows/`, `tasks/` and `blocks/` run it
under Prefect.
"""

__version__ = "0.1.0"
