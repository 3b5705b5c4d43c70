"""What adapters use and Pythons before 3.10 lack: ``zip`` with ``strict``.

Old releases of a framework have wheels for old Pythons only.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Iterable, Iterator
from typing import Any


def equip(adapter: object) -> None:
    """Give it to the modules of this package and to ``adapter``, and to nobody else."""
    if sys.version_info >= (3, 10):  # noqa: UP036 - see above
        return
    package = __name__.rpartition(".")[0]
    own = [module for name, module in sys.modules.items() if name.startswith(package)]
    for module in [*own, adapter]:
        vars(module)["zip"] = strict_zip


def strict_zip(*iterables: Iterable[Any], strict: bool = False) -> Iterator[tuple[Any, ...]]:
    """As Python 3.10's."""
    if not strict:
        return builtins.zip(*iterables)  # noqa: B905 - see above
    parts = [list(part) for part in iterables]
    if len({len(part) for part in parts}) > 1:
        raise ValueError(f"zip() of {', '.join(str(len(part)) for part in parts)} items")
    return builtins.zip(*parts)  # noqa: B905 - checked
