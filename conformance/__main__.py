"""``python -m optimizer_conformance``: the command line, where no script is on the path."""

from __future__ import annotations

from optimizer_conformance.cli import main

main()
