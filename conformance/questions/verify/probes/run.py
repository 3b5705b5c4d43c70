"""Run functions of one probe file; print one JSON line a call.  Standard library only.

    python run.py FILE ['function(argument=literal)' ...]

Without calls every function that needs no argument is called.  What a function raises is an
observation.  Whatever frameworks print goes to standard error.
"""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import inspect
import json
import os
import platform
import sys
import warnings
from collections.abc import Iterator
from types import ModuleType
from typing import Any


def load(path: str) -> ModuleType:
    """The probe file as a module."""
    spec = importlib.util.spec_from_file_location("probe", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["probe"] = module  # MindSpore imports the module of a class that it compiles
    spec.loader.exec_module(module)
    return module


def parse(call: str) -> tuple[str, list[Any], dict[str, Any]]:
    """``function(literal, name=literal)`` as name, arguments and keyword arguments."""
    node = ast.parse(call, mode="eval").body
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
        raise ValueError(f"{call!r} is not of the form function(name=literal)")
    arguments = [ast.literal_eval(item) for item in node.args]
    return (
        node.func.id,
        arguments,
        {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in node.keywords},
    )


def observe(module: ModuleType, call: str) -> dict[str, Any]:
    """What one call returned or raised, as something that JSON can hold."""
    name, arguments, keywords = parse(call)
    function = getattr(module, name, None)
    if not inspect.isfunction(function):
        return {"call": call, "unknown": name}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value = function(*arguments, **keywords)
    except Exception as error:  # noqa: BLE001 - whatever the framework raises is the observation
        bases = [kind.__name__ for kind in type(error).__mro__]
        value = {"raised": bases[0], "bases": bases, "message": str(error).strip()}
    if not isinstance(value, dict):
        value = {"value": value}
    return {"call": call, "observed": json.loads(json.dumps(value, default=plain))}


def plain(value: Any) -> Any:
    """Numbers of NumPy and tensors as Python's own."""
    for convert in ("tolist", "item"):
        if hasattr(value, convert):
            return getattr(value, convert)()
    return repr(value)


def about(module: ModuleType) -> dict[str, Any]:
    """Versions and device."""
    named = getattr(module, "VERSIONS", ())
    if not isinstance(named, dict):  # distributions of Python; what is none brings its versions
        named = {name: importlib.metadata.version(name) for name in named}
    return {
        "versions": named,
        "device": getattr(module, "DEVICE", "cpu"),
        "python": platform.python_version(),
    }


def callable_alone(module: ModuleType) -> Iterator[str]:
    """Every public function without required arguments."""
    for name, function in vars(module).items():
        if inspect.isfunction(function) and function.__module__ == module.__name__:
            parameters = inspect.signature(function).parameters.values()
            needed = [p for p in parameters if p.default is p.empty and p.kind < p.VAR_POSITIONAL]
            if not needed and not name.startswith("_"):
                yield f"{name}()"


def main(arguments: list[str]) -> int:
    """Run the calls; 2 for wrong usage."""
    if not arguments:
        print(__doc__, file=sys.stderr)
        return 2
    lines = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    path, *calls = arguments
    module = load(os.path.abspath(path))
    print(json.dumps({"about": about(module)}), file=lines, flush=True)
    for call in calls or list(callable_alone(module)):
        print(json.dumps(observe(module, call)), file=lines, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
