"""Adapters: one module a framework, and the small worker that serves it.

Each module holds the same members (``NAME``, ``describe``, ``open_session``), described in
:mod:`adapters.kit`.  A module is imported only by a worker (:mod:`adapters.worker`) inside that
framework's own environment; the harness knows it through :mod:`adapters.protocol` alone.
"""
