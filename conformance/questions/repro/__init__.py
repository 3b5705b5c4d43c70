"""Reproducers: the smallest case that still shows a deviation, as a script for the framework alone.

``bench`` asks whether a case shows it, ``shrinking`` makes the case smaller, ``evidence`` says what
would have been right, and ``script`` writes it down with the templates in ``templates/``.
"""
