"""MATLAB's ``rmspropupdate`` and ``adamupdate`` in Python, as their pages document them.

>>> import numpy as np
>>> from optimizer_conformance.reference.matlab import rmspropupdate
>>> params, average = rmspropupdate(np.ones((3, 3, 4)), np.ones((3, 3, 4)), None, 0.05, 0.95)
>>> average.shape
(3, 3, 4)
"""

from optimizer_conformance.reference.matlab.errors import ArgumentError
from optimizer_conformance.reference.matlab.objects import DLArray, DLNetwork
from optimizer_conformance.reference.matlab.update import adamupdate, rmspropupdate

__all__ = ["ArgumentError", "DLArray", "DLNetwork", "adamupdate", "rmspropupdate"]
