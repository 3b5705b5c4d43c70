"""The one way in which a call can be wrong."""

from __future__ import annotations


class ArgumentError(ValueError, TypeError):
    """An argument that the document does not allow.

    ``function`` and ``argument`` carry the document's own names; the argument's includes the place
    in a container in MATLAB's notation: ``grad{2}.Bias``.  MATLAB raises one kind of error for
    values and types alike, so this is both of Python's.
    """

    def __init__(self, argument: str, problem: str) -> None:
        self.function = ""
        self.argument = argument
        self.problem = problem
        super().__init__(argument, problem)

    def __str__(self) -> str:
        said = f"Invalid argument {self.argument}: {self.problem}"
        return f"{self.function}: {said}" if self.function else said
