"""The command line."""

from optimizer_conformance.cli.main import main

__all__ = ["main"]
