"""Arrays of whatever library, as NumPy has them: bits, and the format that they are in.

Nothing is imported for it: whoever has a tensor has its library, too.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import numpy as np

from optimizer_conformance.reference.numbers.precision import PRECISIONS, Array, from_bits, to_bits


class StepError(ValueError):
    """The arrays make no step that could be judged; the message says what would."""


@dataclass(frozen=True, eq=False)
class HeldArrays:
    """One quantity as it was given.

    own     the name under which it was given
    format  of its numbers; ``bits`` may be a wider container, and of bfloat16 are ``uint16``
    """

    own: str
    bits: Array
    format: str

    @property
    def shape(self) -> tuple[int, ...]:
        """As it was given."""
        return tuple(self.bits.shape)

    def values(self, part: slice | Array = slice(None)) -> Array:
        """Elements as float64, exactly."""
        flat = self.bits.reshape(-1)[part]
        return from_bits(flat, "bfloat16" if flat.dtype == np.uint16 else flat.dtype.name)


def held(own: str, array: Any, said: str = "") -> HeldArrays:
    """An array with its format; ``said`` is what the caller says of it.

    Raises StepError for what is no array, and for numbers that the format does not have.
    """
    bits = numpy_array(own, array)
    if bits.dtype.name == "bfloat16":  # of the package ml_dtypes, which JAX uses
        bits = bits.view(np.uint16)
    if bits.dtype == np.uint16 and said in ("", "bfloat16"):
        return HeldArrays(own, bits, "bfloat16")
    if bits.dtype.name not in PRECISIONS:
        raise StepError(
            f"{own} holds {bits.dtype}; what can be judged is {', '.join(PRECISIONS)} (bfloat16 "
            "also as its bits, in uint16)"
        )
    if said and said != bits.dtype.name:
        fits(own, bits, said)
    return HeldArrays(own, bits, said or bits.dtype.name)


def fits(own: str, bits: Array, said: str) -> None:
    """Raise StepError unless a format holds every number."""
    if said not in PRECISIONS:
        raise StepError(f"no format {said!r} for {own}; known are {', '.join(PRECISIONS)}")
    values = from_bits(bits, bits.dtype.name).reshape(-1)
    kept = from_bits(to_bits(values, said), said)
    wrong = np.flatnonzero((kept != values) & ~(np.isnan(kept) & np.isnan(values)))
    if wrong.size:
        raise StepError(
            f"{own} is said to be {said}, which does not hold its element {wrong[0]}: "
            f"{float(values[wrong[0]])!r}"
        )


def numpy_array(own: str, array: Any) -> Array:
    """The same numbers in NumPy.  Raises StepError where there is no way to them."""
    try:
        found = array if isinstance(array, np.ndarray) else converted(array)
    except Exception as error:  # a library raises what it likes
        reason = str(error).strip().partition("\n")[0]
        raise StepError(
            f"{own}, a {described(array)}, does not become an array of NumPy: {reason}"
        ) from error
    if found.dtype == object:
        raise StepError(f"{own} is a {described(array)}, and no array of numbers")
    return np.asarray(found)


def converted(array: Any) -> Array:
    """Through whatever the library offers."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(array, torch.Tensor):
        tensor = array.detach().cpu().contiguous()
        if tensor.dtype == torch.bfloat16:
            found: Array = tensor.view(torch.int16).numpy().view(np.uint16)
            return found
        return np.asarray(tensor.numpy())
    if hasattr(array, "get") and hasattr(array, "__cuda_array_interface__"):  # CuPy
        return np.asarray(array.get())
    if hasattr(array, "__array__") or not hasattr(array, "__dlpack__"):
        return np.asarray(array)
    return np.from_dlpack(array)


def described(value: Any) -> str:
    """A type as people call it."""
    kind = type(value)
    return f"{kind.__module__.partition('.')[0]}.{kind.__qualname__}".removeprefix("builtins.")
