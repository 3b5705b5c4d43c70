"""torchopt.AdaMax, RAdam and AdaDelta: defaults that the docstrings print and the classes lack."""

import inspect
import re
import sys

import torchopt

print("torchopt", torchopt.__version__)
ARGUMENT = r"\b(lr|eps) \(.*?default: :const:`([^`]*)`"
wrong = 0
for own in (torchopt.AdaMax, torchopt.RAdam, torchopt.AdaDelta):
    printed = dict(re.findall(ARGUMENT, own.__init__.__doc__, re.S))
    for name, parameter in inspect.signature(own).parameters.items():
        if name in printed and float(printed[name]) != parameter.default:
            print(f"{own.__name__}: {name} is {parameter.default}, documented {printed[name]}")
            wrong += 1
sys.exit(0 if wrong == 4 else 1)
