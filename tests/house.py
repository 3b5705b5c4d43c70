"""The picture of the house: ``python tests/house.py`` prints rooms, floors and arrows.

A room is a folder of ``conformance/`` or one of the other packages; an arrow, that one room takes
something from another.  tests/test_house.py holds the doors.
"""

from __future__ import annotations

import ast
from collections import Counter

from test_house import FLOORS, NAME, SOURCES, TABLE

ROOMS = {room for floor in FLOORS for room in floor}


def arrows() -> Counter[tuple[str, str]]:
    """How many imports lead from one room to another."""
    found: Counter[tuple[str, str]] = Counter()
    for name, path in SOURCES.items():
        room = name.partition(".")[0]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            modules = []
            if isinstance(node, ast.ImportFrom) and node.module:
                modules = [f"{node.module}.{alias.name}" for alias in node.names]
            elif isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            for module in dict.fromkeys(
                m.split(".")[1] for m in modules if m.startswith(NAME + ".") and TABLE not in m
            ):
                if room and module != room and module in ROOMS:
                    found[room, module] += 1
    return found


def main() -> None:
    """Print the picture."""
    found = arrows()
    level = {room: height for height, floor in enumerate(FLOORS) for room in floor}
    for height, floor in reversed(list(enumerate(FLOORS))):
        for room in floor:
            files = sum(name.partition(".")[0] == room for name in SOURCES)
            takes = ", ".join(
                f"{other} {count}" for (one, other), count in found.items() if one == room
            )
            print(f"{height:2}  {room:13} {files:4} files   takes from: {takes or 'nobody'}")
    back = [pair for pair in found if level[pair[0]] <= level[pair[1]]]
    print(
        f"{len(ROOMS)} rooms, {len(FLOORS)} floors, {len(found)} arrows; back up: {back or 'none'}"
    )


if __name__ == "__main__":
    main()
