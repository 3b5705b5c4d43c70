"""The checks, one module a way to find out; importing this package registers all of them.

| check | what it executes |
|---|---|
| ``equation``      | the documented formula against a variant's, proved equal by SymPy |
| ``identity``      | an equality of numbers or formulas that the document states in passing |
| ``readings``      | the readings of an open point: distinct rules, and who follows which |
| ``follows``       | an implementation against a variant, judged by the running bound |
| ``same-everywhere`` | an implementation against another system's variants, over all options |
| ``probe``         | a default of an implementation's constructor, through its worker |
| ``record``        | a default or version of a documented variant against the claim |
| ``property``      | a property of the update rule, on the reference |
| ``example``       | an example of the document, against the printed digits |
| ``digits-network`` | the network of MATLAB's training example, built |
| ``script``        | a function of a probe script, in the framework's environment |
| ``transcription`` | the same on our transcription of a function that is not available here |
| ``book-loss``     | a training of the book, once a seed: is the printed loss among them |
| ``documented``    | what an installed docstring says, and then the check that executes it |
| ``needs``         | nothing: what it would take |
"""

from __future__ import annotations

from optimizer_conformance.questions.verify.checks import (
    book,
    documented,
    equivalences,
    formulas,
    implementations,
    probing,
    rules,
    training,
)
from optimizer_conformance.questions.verify.checks.probing import scripted
from optimizer_conformance.questions.verify.registry import CHECKS

__all__ = [
    "CHECKS",
    "book",
    "documented",
    "equivalences",
    "formulas",
    "implementations",
    "probing",
    "rules",
    "scripted",
    "training",
]
