"""Black boxes: what an optimizer computes, told from its steps alone.

Every rule of the family is a hypothesis.  Experiments that separate those still possible are put to
the subject, and what the running bound says no legal evaluation can give is dropped, until one rule
is left or nothing separates those that are.
"""

from optimizer_conformance.questions.identify.queries import Unidentifiable
from optimizer_conformance.questions.identify.result import Ambiguity, FactorRow, Identification
from optimizer_conformance.questions.identify.search import identify

__all__ = ["Ambiguity", "FactorRow", "Identification", "Unidentifiable", "identify"]
