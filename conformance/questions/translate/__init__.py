"""From one implementation to another: the same steps, proved, or why there is no way."""

from conformance.translation.result import Translation
from conformance.translation.session import STEPS, between, translate

__all__ = ["STEPS", "Translation", "between", "translate"]
