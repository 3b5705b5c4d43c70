"""MATLAB's ``rmspropupdate`` and ``adamupdate`` in Python, as their pages document them.

>>> import numpy as np
>>> from reference.matlab import rmspropupdate
>>> params, average = rmspropupdate(np.ones((3, 3, 4)), np.ones((3, 3, 4)), None, 0.05, 0.95)
>>> average.shape
(3, 3, 4)
"""

from reference.matlab.errors import ArgumentError
from reference.matlab.objects import DLArray, DLNetwork
from reference.matlab.update import adamupdate, rmspropupdate

__all__ = ["ArgumentError", "DLArray", "DLNetwork", "adamupdate", "rmspropupdate"]
