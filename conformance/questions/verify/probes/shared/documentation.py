"""Any framework: what the installed documentation of an object says, and its signature's defaults.

Objects are named as they are imported: ``torch.optim.RMSprop``.
"""

import importlib
import importlib.metadata
import inspect
import os
import re
from contextlib import suppress

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
FRAMEWORKS = ("torch", "optax", "keras", "tensorflow-cpu", "mxnet", "paddlepaddle", "mlx")
VERSIONS = tuple(
    name
    for name in FRAMEWORKS
    if any(True for _ in importlib.metadata.Distribution.discover(name=name))
)


def found(name):
    """The object of a dotted name: the longest part that can be imported, and then attributes."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        with suppress(ModuleNotFoundError):
            value = importlib.import_module(".".join(parts[:count]))
            break
    else:
        raise ModuleNotFoundError(name)
    for part in parts[count:]:
        value = getattr(value, part)
    return value


def says(name, *patterns):
    """Whether every regular expression occurs in the documentation, blanks being one blank.

    A class's includes its constructor's.
    """
    text = re.sub(r"\s+", " ", " ".join(texts(name)))
    missing = [pattern for pattern in patterns if not re.search(pattern, text)]
    return {"says": not missing, "missing": missing}


def texts(name):
    """The docstrings of an object: a class's and its constructor's."""
    value = found(name)
    every = [inspect.getdoc(value)]
    if inspect.isclass(value):
        every.append(inspect.getdoc(value.__init__))
    return list(dict.fromkeys(filter(None, every)))


def text(name):
    """The same as one text, with a blank line between them."""
    return {"text": "\n\n".join(texts(name))}


def default(name, argument):
    """A default of the signature."""
    return {"default": inspect.signature(found(name)).parameters[argument].default}


def defaults_to_none(name, argument):
    """Whether a default of the signature is None, which a claim's file cannot write."""
    return {"none": inspect.signature(found(name)).parameters[argument].default is None}
