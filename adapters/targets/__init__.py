"""Somebody's own optimizer as an adapter: found, read, and driven as its kind is driven.

:mod:`adapters.target` serves it; beside what is here a worker needs NumPy, msgspec and the
framework of the optimizer, nothing more.
"""
