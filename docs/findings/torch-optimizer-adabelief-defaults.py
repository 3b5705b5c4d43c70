"""torch_optimizer.AdaBelief: the docstring's defaults are not the constructor's."""

import inspect
import sys

import torch_optimizer

print("torch_optimizer", torch_optimizer.__version__)
taken = inspect.signature(torch_optimizer.AdaBelief).parameters
document = inspect.getdoc(torch_optimizer.AdaBelief)
for name, stated in (
    ("lr", "learning rate (default: 1e-2)"),
    ("eps", "stability (default: 0.001)"),
):
    print(
        f"{name}: the docstring has {stated!r}: {stated in document}; it is {taken[name].default}"
    )
sys.exit(0 if (taken["lr"].default, taken["eps"].default) == (1e-3, 1e-8) else 1)
