"""From one implementation to another: the same steps, proved, or why there is no way."""

from optimizer_conformance.questions.translate.result import Translation
from optimizer_conformance.questions.translate.translate import STEPS, between, translate

__all__ = ["STEPS", "Translation", "between", "translate"]
