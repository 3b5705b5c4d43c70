"""optax-rmsprop in plain Python, checked against its vectors: consumer.py VECTORS ANSWERS."""

import json
import struct
import sys
from ctypes import c_float
from math import sqrt


def number(bits):
    return struct.unpack(">f", bytes.fromhex(bits))[0]


def bits(value):
    return bytes(c_float(value))[::-1].hex()  # on a little-endian machine


def step(w, v, g, rate, decay, epsilon):  # the rule under test: put yours here
    v = c_float(decay * v + (1 - decay) * g * g).value
    return c_float(w - rate * g / sqrt(v + epsilon)).value, v


vectors, cases, inside = json.load(open(sys.argv[1])), [], []
for case in vectors["cases"]:
    if case["dtype"] != "float32" or case["groups"]:
        continue
    decay, epsilon = (float(case["hyperparameters"][name]) for name in ("decay", "epsilon"))
    parameters = []
    for parameter in case["parameters"]:
        w = [number(word) for word in parameter["value"]]
        v = [
            number(word) for word in parameter["state"].get("second_moment", ["00000000"] * len(w))
        ]
        steps = []
        for t, rate in enumerate(case["learning_rates"]):
            g = [number(word) for word in parameter["gradients"][t]]
            pairs = [step(*item, float(rate), decay, epsilon) for item in zip(w, v, g)]
            w, v = ([pair[i] for pair in pairs] for i in (0, 1))
            steps.append({"parameter": list(map(bits, w)), "second_moment": list(map(bits, v))})
            intervals = parameter["expected"][t]["parameter"]["accepted"]
            inside += [number(i[0]) <= x <= number(i[1]) for x, i in zip(w, intervals) if i]
        parameters.append({"name": parameter["name"], "steps": steps})
    cases.append({"case": case["case"], "parameters": parameters})
print(f"{inside.count(False)} of {len(inside)} values outside the accepted interval")
answers = {"format": 1, "kind": "answers", "system": "plain Python", "cases": cases}
json.dump({**answers, "variant": vectors["variant"]["identifier"]}, open(sys.argv[2], "w"))
sys.exit(not all(inside))
