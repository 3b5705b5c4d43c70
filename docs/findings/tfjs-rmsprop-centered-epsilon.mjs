// tf.train.rmsprop(…, centered=true): epsilon is subtracted under the root, not added.
//
// `node tfjs-rmsprop-centered-epsilon.mjs FOLDER`, where FOLDER holds node_modules with
// @tensorflow/tfjs.  Exits 0 while the finding holds and 1 when it no longer does.

import { createRequire } from "node:module";
import path from "node:path";
import process from "node:process";

const folder = path.resolve(process.argv[2] ?? ".");
const tf = createRequire(path.join(folder, "package.json"))("@tensorflow/tfjs");
await tf.setBackend("cpu");

const [RATE, DECAY, EPSILON] = [0.1, 0.9, 1e-3];
const GRADIENTS = [1.0, 0.1, 0.01];

// The first step from zero; the mean square and the mean gradient start at zero.
function step(gradient, denominator) {
  const variance = (1 - DECAY) * gradient ** 2 - ((1 - DECAY) * gradient) ** 2;
  return (-RATE * gradient) / denominator(variance);
}

const rules = {
  "sqrt(ms - mg^2 + epsilon)": (variance) => Math.sqrt(variance + EPSILON),
  "sqrt(ms - mg^2) + epsilon": (variance) => Math.sqrt(variance) + EPSILON,
  "sqrt(ms - (mg^2 + epsilon))": (variance) => Math.sqrt(variance - EPSILON),
};
const variable = tf.variable(tf.zeros([GRADIENTS.length]), true, "w");
tf.train
  .rmsprop(RATE, DECAY, 0, EPSILON, true)
  .applyGradients({ w: tf.tensor1d(GRADIENTS) });
const observed = Array.from(variable.dataSync());

console.log("@tensorflow/tfjs", tf.version.tfjs);
for (const [name, denominator] of Object.entries(rules)) {
  console.log(name.padEnd(28), GRADIENTS.map((gradient) => step(gradient, denominator)));
}
console.log("observed".padEnd(28), observed);
const follows = (denominator) =>
  observed.every((value, index) =>
    Object.is(Math.fround(value).toPrecision(5), step(GRADIENTS[index], denominator).toPrecision(5)),
  );
const [first, second, subtracted] = Object.values(rules).map(follows);
process.exit(subtracted && !first && !second ? 0 : 1);
