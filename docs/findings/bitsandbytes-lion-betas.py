"""bitsandbytes.optim.Lion: betas of (0.9, 0.999) in the docstring, (0.9, 0.99) in the signature."""

import inspect
import re
import sys

import bitsandbytes

print("bitsandbytes", bitsandbytes.__version__)
own = bitsandbytes.optim.Lion
printed = re.search(r"betas \(.*?defaults to (\(.*?\))\)", own.__init__.__doc__)[1]
default = inspect.signature(own).parameters["betas"].default
print("documented ", printed)
print("by default ", default)
sys.exit(0 if printed == "(0.9, 0.999)" and default == (0.9, 0.99) else 1)
