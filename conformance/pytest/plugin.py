"""The pytest plugin: ``pytest --conformance`` runs cells as test items.

It is installed with the package, so every pytest in that environment loads it: nothing but options
is added, and nothing of the package is imported, unless ``--conformance`` is given.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import optimizer_conformance

if TYPE_CHECKING:
    from optimizer_conformance.pytest.assertion import assert_conforms
    from optimizer_conformance.pytest.cells import Cells

PROFILE = "quick"
__all__ = ["assert_conforms"]


def __getattr__(name: str) -> Any:
    if name == "assert_conforms":  # imported when it is asked for, as the package itself does
        return optimizer_conformance.assert_conforms
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of ``conformance run`` that make sense here."""
    group = parser.getgroup("conformance", "optimizer conformance")
    group.addoption(
        "--conformance",
        action="store_true",
        help="run cells as tests: implementations against their documentation",
    )
    group.addoption(
        "--conformance-adapter",
        action="append",
        default=[],
        metavar="NAME",
        help="only this adapter; may be repeated (default: every one, skipped where it cannot run)",
    )
    group.addoption(
        "--conformance-profile",
        default=PROFILE,
        metavar="PROFILE",
        help=f"quick, default or full (default: {PROFILE})",
    )
    group.addoption(
        "--conformance-variant",
        action="append",
        default=[],
        metavar="GLOB",
        help="judge against these documented variants only; may be repeated",
    )
    group.addoption(
        "--conformance-expectations",
        type=Path,
        metavar="FOLDER",
        help="files of known deviations (default: those of the package)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Check the options before anything is collected."""
    if not config.getoption("conformance"):
        return
    config.addinivalue_line("markers", "conformance: a cell of `pytest --conformance`")
    from optimizer_conformance.pytest.cells import Cells  # noqa: PLC0415 - it imports the whole harness

    config.pluginmanager.register(Cells(config), "conformance-cells")


def cells(config: pytest.Config) -> Cells | None:
    """The cells of this session, where they are asked for."""
    found: Any = config.pluginmanager.get_plugin("conformance-cells")
    return found  # type: ignore[no-any-return]  # what was registered above
