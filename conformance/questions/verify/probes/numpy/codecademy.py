"""NumPy alone: one step of Codecademy's example, and what ``print`` shows of it."""

import numpy as np

VERSIONS = ("numpy",)


def example():
    """One step of three parameters."""
    rate, decay, epsilon = 0.01, 0.9, 1e-8
    weights, squares = np.array([0.2, 0.4, 0.6]), np.zeros(3)
    slopes = np.array([-0.5, 0.3, 0.24])
    squares = decay * squares + (1 - decay) * slopes**2
    weights = weights - rate / np.sqrt(squares + epsilon) * slopes
    return {"printed": str(weights), "dtype": weights.dtype.name}
