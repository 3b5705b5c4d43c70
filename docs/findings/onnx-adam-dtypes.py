"""onnx.reference: Adam's outputs do not have the dtype of its inputs."""

import sys

import numpy as np
import onnx
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

DOMAIN = "ai.onnx.preview.training"
ELEMENTS = {"float32": TensorProto.FLOAT, "float64": TensorProto.DOUBLE}


def outputs(dtype, count):
    """The dtypes of what one call over ``count`` tensors returns."""
    names = [f"{kind}{index}" for kind in "XGVH" for index in range(count)]
    results = [f"{kind}{index}_new" for kind in "XVH" for index in range(count)]
    node = helper.make_node("Adam", ["R", "T", *names], results, domain=DOMAIN)
    kinds = {"T": TensorProto.INT64}
    values = {
        name: helper.make_tensor_value_info(name, kinds.get(name, ELEMENTS[dtype]), None)
        for name in ("R", "T", *names, *results)
    }
    graph = helper.make_graph(
        [node], "adam", [values[n] for n in ("R", "T", *names)], [values[n] for n in results]
    )
    opsets = [helper.make_opsetid(DOMAIN, 1)]
    model = ReferenceEvaluator(helper.make_model(graph, opset_imports=opsets))
    given = {name: np.ones(3, dtype) for name in names}
    rate, step = np.array(0.1, dtype), np.array(1, np.int64)
    return [str(a.dtype) for a in model.run(None, {"R": rate, "T": step, **given})]


print("onnx", onnx.__version__, "numpy", np.__version__)
held = True
for dtype in ELEMENTS:
    for count in (1, 2):
        found = outputs(dtype, count)
        print(f"{count} tensor(s) of {dtype}: outputs are", found)
        held &= (set(found) == {dtype}) == ((dtype, count) in (("float64", 1), ("float32", 2)))
sys.exit(0 if held else 1)
