"""Globs over names that hold brackets: ``*`` and ``?`` are special, ``[`` is itself."""

from fnmatch import fnmatchcase


def matches(name: str, pattern: str) -> bool:
    """Whether ``name`` fits ``pattern``, case included."""
    return fnmatchcase(name, pattern.replace("[", "[[]"))


def reaches(adapter: str, pattern: str) -> bool:
    """Whether an implementation of this adapter, ``adapter:name``, can fit the pattern."""
    return ":" not in pattern or matches(adapter, pattern.partition(":")[0])


def wanted(name: str, patterns: tuple[str, ...]) -> bool:
    """Whether any pattern fits; no pattern at all fits everything."""
    return not patterns or any(matches(name, pattern) for pattern in patterns)
