// optax-rmsprop in JavaScript, checked against its vectors: node consumer.mjs VECTORS ANSWERS
import { readFileSync, writeFileSync } from "node:fs";

const view = new DataView(new ArrayBuffer(4));
const number = (bits) => (view.setUint32(0, parseInt(bits, 16)), view.getFloat32(0));
const bits = (value) => (view.setFloat32(0, value), view.getUint32(0).toString(16).padStart(8, "0"));

function step(w, v, g, rate, decay, epsilon) { // the rule under test: put yours here
  v = Math.fround(decay * v + (1 - decay) * g * g);
  return [Math.fround(w - (rate * g) / Math.sqrt(v + epsilon)), v];
}

const vectors = JSON.parse(readFileSync(process.argv[2], "utf8"));
const cases = [];
let outside = 0, count = 0;
for (const entry of vectors.cases) {
  if (entry.dtype !== "float32" || entry.groups.length) continue;
  const { decay, epsilon } = entry.hyperparameters;
  const parameters = entry.parameters.map((parameter) => {
    let w = parameter.value.map(number);
    let v = (parameter.state.second_moment ?? w.map(() => "00000000")).map(number);
    const steps = parameter.gradients.map((gradients, t) => {
      const pairs = w.map((x, i) =>
        step(x, v[i], number(gradients[i]), +entry.learning_rates[t], +decay, +epsilon));
      [w, v] = [pairs.map((pair) => pair[0]), pairs.map((pair) => pair[1])];
      parameter.expected[t].parameter.accepted.forEach((interval, i) => {
        if (interval === null) return;
        const [low, high] = interval.map(number);
        count += 1;
        if (!(low <= w[i] && w[i] <= high)) outside += 1;
      });
      return { parameter: w.map(bits), second_moment: v.map(bits) };
    });
    return { name: parameter.name, steps };
  });
  cases.push({ case: entry.case, parameters });
}
console.log(`${outside} of ${count} values outside the accepted interval`);
const { identifier } = vectors.variant;
const answers = { format: 1, kind: "answers", system: "JavaScript", variant: identifier, cases };
writeFileSync(process.argv[3], JSON.stringify(answers));
process.exit(outside > 0 ? 1 : 0);
