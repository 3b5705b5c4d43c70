"""TensorFlow.js: what its optimizers take, asked by Node.js in the environment's folder.

The environment has no Python: this runs in any, and is told the folder.
"""

import json
import os
import subprocess
from pathlib import Path

FOLDER = Path(os.environ["CONFORMANCE_ENVIRONMENT"])
PACKAGE = FOLDER / "node_modules" / "@tensorflow" / "tfjs" / "package.json"
VERSIONS = {"tfjs": json.loads(PACKAGE.read_text("utf-8"))["version"]}
ORDER = {
    "rmsprop": ("learningRate", "decay", "momentum", "epsilon", "centered"),
    "adam": ("learningRate", "beta1", "beta2", "epsilon"),
}
MATRIX = """{
  "undefined": undefined, "null": null, "bool": true, "int": 1, "float": 0.5, "string": "0.5",
  "empty string": "", "array": [0.5], "empty array": [], "long array": Array(9).fill(0.5),
  "object": {value: 0.5}, "Float32Array": new Float32Array([0.5]), "BigInt": 1n,
  "function": () => 0.5, "nan": NaN, "inf": Infinity, "-inf": -Infinity, "-1": -1, "-0": -0,
  "0": 0, "tiny": 5e-324, "just below 1": 1 - 2 ** -53, "1": 1, "just above 1": 1 + 2 ** -52,
  "huge": 1e308, "scalar": tf.scalar(0.5)
}"""


def node(program):
    """What a program prints as JSON; what it throws is raised."""
    script = f"""
      const {{createRequire}} = require("node:module");
      console.warn = console.log = console.error;
      const tf = createRequire(process.argv[1] + "/package.json")("@tensorflow/tfjs");
      process.stdout.write(JSON.stringify((() => {{ {program} }})()));
    """
    done = subprocess.run(
        ["node", "-e", script, str(FOLDER)], capture_output=True, text=True, check=False, timeout=60
    )
    if done.returncode:
        raise RuntimeError(next((x for x in done.stderr.splitlines() if "Error" in x), "no answer"))
    return json.loads(done.stdout)


def argument(name, argument):
    """What is taken when it is made, what is refused, and what a step then makes of it."""
    place = ORDER[name].index(argument)
    return node(f"""
      const taken = [], steps = [];
      for (const [kind, value] of Object.entries({MATRIX})) {{
        const given = [0.5, undefined, undefined, undefined, undefined];
        given[{place}] = value;
        let optimizer;
        try {{ optimizer = tf.train.{name}(...given); }} catch (error) {{ continue; }}
        taken.push(kind);
        try {{
          const weight = tf.variable(tf.tensor1d([1]));
          optimizer.applyGradients({{[weight.name]: tf.tensor1d([1])}});
          if (Number.isFinite(weight.dataSync()[0])) steps.push(kind);
        }} catch (error) {{ continue; }}
      }}
      return {{taken, steps}};
    """)


def centered():
    """Whether the centred form steps elsewhere than the plain one."""
    return node("""
      const found = [false, true].map(centered => {
        const weight = tf.variable(tf.tensor1d([0]));
        const optimizer = tf.train.rmsprop(0.5, 0.5, 0, 1e-3, centered);
        optimizer.applyGradients({[weight.name]: tf.tensor1d([1])});
        return weight.dataSync()[0];
      });
      return {"another step": found[0] !== found[1]};
    """)
