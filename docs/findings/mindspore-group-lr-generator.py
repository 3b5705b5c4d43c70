"""mindspore.nn.RMSProp: a group's learning rate is read twice, so a generator is empty by then."""

import sys

import mindspore as ms
import numpy as np
from mindspore import Parameter, Tensor, nn

ms.set_device("CPU")
RATES = (0.5, 0.25)
print("mindspore", ms.__version__)


def first_steps(group, rates):
    """Two steps of one parameter, or the first error; decay 1 keeps the mean square at one."""
    w = Parameter(Tensor(np.zeros(1, np.float32)), name="w")
    rule = {"decay": 1.0, "epsilon": 1e-30}
    if group:
        optimizer = nn.RMSProp([{"params": [w], "lr": rates}], 0.125, **rule)
    else:
        optimizer = nn.RMSProp([w], rates, **rule)
    found = []
    try:
        for _ in RATES:
            before = float(w.asnumpy()[0])
            optimizer((Tensor(np.ones(1, np.float32)),))
            found.append(before - float(w.asnumpy()[0]))
    except RuntimeError as error:
        found.append("RuntimeError: " + str(error).splitlines()[0])
    return found


held = True
for group in (False, True):
    where = "group" if group else "optimizer"
    for kind, rates in (("list", list(RATES)), ("generator", (rate for rate in RATES))):
        found = first_steps(group, rates)
        print(f"{where:9} {kind:9} documented {list(RATES)} observed {found}")
        held &= (found == list(RATES)) != (group and kind == "generator")
sys.exit(0 if held else 1)
