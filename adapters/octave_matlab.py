"""The real MATLAB, through MathWorks' package ``matlabengine`` (``pip install matlabengine``).

Written from MathWorks' documentation of the engine and never run by this project, which has no
licence.  It needs MATLAB and Deep Learning Toolbox.
Source: "Call MATLAB from Python" and "MATLAB Arrays as Python Variables", R2024a.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from optimizer_conformance.adapters.kit import Array

try:
    import matlab
    import matlab.engine as matlab_engine
except (ImportError, OSError) as error:  # no engine, or a MATLAB that it cannot load
    matlab = matlab_engine = None
    MATLAB_MISSING = f"matlab.engine cannot be imported: {str(error).partition(chr(10))[0]}"
else:
    MATLAB_MISSING = ""


class Matlab:
    """A running MATLAB.

    Raises RuntimeError where Deep Learning Toolbox is missing, or where something else is found
    under the name of its functions.
    """

    def __init__(self) -> None:
        # The worker is confined to its scratch folder, and MATLAB wants to write its preferences.
        os.environ.setdefault("MATLAB_PREFDIR", os.getcwd())
        self.engine = matlab_engine.start_matlab("-nodisplay -singleCompThread")
        for name in ("rmspropupdate", "adamupdate"):
            place = self.engine.which(name)
            if "toolbox" not in place:
                raise RuntimeError(
                    f"MATLAB's {name} is {place or 'not there'}: install Deep Learning Toolbox, "
                    "and take everything else of that name off the path"
                )

    def call(self, name: str, *arguments: Any, outputs: int = 1) -> list[Any]:
        """``[out1, …] = name (arguments…)``; lists are cell arrays."""
        found = self.engine.feval(name, *map(to_matlab, arguments), nargout=outputs)
        return [from_matlab(value) for value in (found if outputs > 1 else (found,))]


def to_matlab(value: Any) -> Any:
    """An array of doubles or singles, or a list of arrays, for the engine.

    Nested lists say the shape; Python's floats hold doubles and singles exactly.
    """
    if isinstance(value, list):
        return [to_matlab(item) for item in value]
    if isinstance(value, str):
        return value
    array = np.asarray(value)
    array = array.reshape(*array.shape, *(1, 1)[array.ndim :])
    kind = matlab.single if array.real.dtype == np.float32 else matlab.double
    if array.size == 0:
        return kind(size=array.shape)
    return kind(array.tolist(), is_complex=np.iscomplexobj(array))


def from_matlab(value: Any) -> Any:
    """What the engine returned, as arrays, lists and texts."""
    if isinstance(value, (list, tuple)):
        return [from_matlab(item) for item in value]
    if isinstance(value, str):
        return value
    single = matlab is not None and isinstance(value, matlab.single)
    array: Array = np.array(value)
    imaginary = np.iscomplexobj(array)
    wide = np.complex128 if imaginary else np.float64
    narrow = np.complex64 if imaginary else np.float32
    return array.astype(narrow if single else wide)
