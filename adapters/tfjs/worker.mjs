// `node worker.mjs FOLDER`: serve TensorFlow.js on standard input and output, as docs/protocol.md
// describes.  FOLDER holds the node_modules that package.json asks for.

import { createRequire } from "node:module";
import path from "node:path";
import process from "node:process";

// Standard output belongs to the protocol: whatever a library prints goes to standard error.
const send = process.stdout.write.bind(process.stdout);
process.stdout.write = process.stderr.write.bind(process.stderr);
console.log = console.info = console.debug = console.error;

const require = createRequire(path.join(path.resolve(process.argv[2]), "package.json"));
const { decode, encode } = require("@msgpack/msgpack");
const tf = require("@tensorflow/tfjs");

const PROTOCOL = 1;
const LARGEST_FRAME = 2 ** 28;
const PAGE = "https://js.tensorflow.org/api/4.22.0/#train.";
const GAPS = {
  float16: "a tensor of TensorFlow.js is float32, int32, bool, complex64 or string",
  bfloat16: "a tensor of TensorFlow.js is float32, int32, bool, complex64 or string",
  float64: "a tensor of TensorFlow.js is float32, int32, bool, complex64 or string",
  strided: "a tensor is dense and in row-major order",
  groups: "an optimizer has one set of hyperparameters",
  "rate-change": "the learning rate of these optimizers is protected, and there is no schedule",
};

// order: canonical hyperparameters and the switch as the function takes them
// state: canonical name to the ending of the weight's name and the option without which it is not
//        shown; in the order of getWeights
const RULES = {
  "tfjs:train.rmsprop": {
    create: tf.train.rmsprop,
    family: "rmsprop",
    claims: [
      "tfjs-rmsprop",
      "tfjs-rmsprop-outside",
      "tfjs-rmsprop-unscaled",
      "tfjs-rmsprop-outside-unscaled",
    ],
    features: [[], ["momentum"], ["centered"], ["centered", "momentum"]],
    order: ["learning_rate", "decay", "momentum", "epsilon", "centered"],
    state: [
      ["second_moment", "rms", ""],
      ["momentum", "momentum", "momentum"],
      ["mean_gradient", "mg", "centered"],
    ],
    // It is made whether or not momentum is used; mean gradients only for the centred form.
    made: (features) => (features.includes("centered") ? 3 : 2),
    defaults: { decay: "decay", momentum: "momentum", centered: "centered" },
  },
  "tfjs:train.adam": {
    create: tf.train.adam,
    family: "adam",
    claims: ["tfjs-adam", "tfjs-adam-hat"],
    features: [[]],
    order: ["learning_rate", "beta1", "decay", "epsilon"],
    state: [
      ["first_moment", "m", ""],
      ["second_moment", "v", ""],
    ],
    made: () => 2,
    defaults: { learning_rate: "learningRate", beta1: "beta1", decay: "beta2" },
  },
};
const SWITCHES = ["centered"];

class Unsupported extends Error {}

const sessions = new Map();
let opened = 0;

function describe() {
  return {
    reply: "description",
    adapter: "tfjs",
    protocol: PROTOCOL,
    versions: { "@tensorflow/tfjs": tf.version.tfjs, node: process.versions.node },
    devices: { cpu: "TensorFlow.js' backend cpu" },
    implementations: Object.entries(RULES).map(([name, rule]) => ({
      name,
      family: rule.family,
      claims: rule.claims,
      features: rule.features,
      hyperparameters: rule.order.filter((argument) => !SWITCHES.includes(argument)),
      dtypes: ["float32"],
      devices: ["cpu"],
      state: rule.state.map(([canonical]) => canonical),
      schedules: false,
      gaps: GAPS,
      documentation: PAGE + name.split(".")[1],
    })),
    flags: { backend: tf.getBackend(), epsilon: String(tf.backend().epsilon()) },
  };
}

// Bits as a tensor, and back.

function toTensor({ dtype, shape, data }) {
  if (dtype !== "float32") throw new Unsupported(GAPS[dtype] ?? `no dtype ${dtype}`);
  const bytes = new Uint8Array(data); // a copy: the frame is not ours, and may not be aligned
  return tf.tensor(new Float32Array(bytes.buffer), shape, "float32");
}

function toWire(tensor) {
  const values = tensor.dataSync();
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return { dtype: tensor.dtype, shape: tensor.shape, data: bytes.slice() };
}

// One optimizer under test.

class Session {
  constructor(request, number) {
    this.rule = RULES[request.implementation];
    if (!this.rule) throw new Error(`no implementation ${request.implementation}`);
    this.features = request.features ?? [];
    const asked = JSON.stringify([...this.features].sort());
    if (!this.rule.features.some((known) => JSON.stringify([...known].sort()) === asked)) {
      throw new Unsupported(`${request.implementation} has no ${this.features.join(", ")}`);
    }
    if (request.groups?.length) throw new Unsupported(GAPS.groups);
    if (request.learning_rates?.length) throw new Unsupported(GAPS["rate-change"]);
    const given = { ...request.hyperparameters };
    for (const name of SWITCHES) if (this.features.includes(name)) given[name] = true;
    for (const name of Object.keys(given)) {
      if (!this.rule.order.includes(name)) {
        throw new Unsupported(`${request.implementation} takes no ${name}`);
      }
    }
    // What is left out is undefined, for which JavaScript puts the function's own default.
    this.optimizer = this.rule.create(...this.rule.order.map((name) => given[name]));
    this.variables = request.parameters.map((parameter, index) =>
      tf.variable(toTensor(parameter.value), true, `session_${number}_parameter_${index}`),
    );
  }

  async step(row) {
    const gradients = row.map(toTensor);
    this.optimizer.applyGradients(
      this.variables.map(({ name }, index) => ({ name, tensor: gradients[index] })),
    );
    const observation = {
      parameters: this.variables.map(toWire),
      state: await this.state(),
      gradients: gradients.map(toWire),
    };
    tf.dispose(gradients);
    return observation;
  }

  // Empty before the first step, when TensorFlow.js has not made its accumulators yet.
  async state() {
    const [, ...weights] = await this.optimizer.getWeights();
    const count = this.variables.length;
    if (weights.length < count) return {};
    const found = {};
    this.rule.state.forEach(([canonical, , feature], index) => {
      if (feature && !this.features.includes(feature)) return;
      const tensors = weights.slice(index * count, (index + 1) * count);
      found[canonical] = tensors.map(({ tensor }) => toWire(tensor));
    });
    return found;
  }

  async setState(state, taken) {
    const shown = this.rule.state.filter(([, , need]) => !need || this.features.includes(need));
    const names = shown.map(([canonical]) => canonical);
    if (JSON.stringify(Object.keys(state).sort()) !== JSON.stringify([...names].sort())) {
      throw new Error(`state ${Object.keys(state)} for an optimizer that has ${names}`);
    }
    const weights = [{ name: "iter", tensor: tf.scalar(taken, "int32") }];
    for (const [canonical, ending] of this.rule.state.slice(0, this.rule.made(this.features))) {
      this.variables.forEach((variable, index) => {
        const sent = state[canonical]?.[index];
        // Momentum that is not used: setWeights wants it, and it does not matter.
        const tensor = sent ? toTensor(sent) : tf.zerosLike(variable);
        weights.push({ name: `${variable.name}/${ending}`, tensor });
      });
    }
    await this.optimizer.setWeights(weights);
  }

  close() {
    tf.dispose(this.variables);
    this.optimizer.dispose();
  }
}

function session(number) {
  const found = sessions.get(number);
  if (!found) throw new Error(`session ${number} is not open`);
  return found;
}

function probe(name) {
  const rule = RULES[name];
  // The constructor insists on a learning rate where it has no default.
  const optimizer = rule.defaults.learning_rate ? rule.create() : rule.create(1);
  const entries = Object.entries(rule.defaults);
  const defaults = Object.fromEntries(entries.map(([ours, own]) => [ours, optimizer[own]]));
  optimizer.dispose();
  // Both functions state null, for which the back end puts its own value.
  return { ...defaults, epsilon: null };
}

const VERBS = {
  hello: () => describe(),
  open: (request) => {
    const number = opened + 1;
    sessions.set(number, new Session(request, number));
    opened = number;
    return { reply: "opened", session: number };
  },
  set_state: async (request) => {
    await session(request.session).setState(request.state, request.step);
    return { reply: "done" };
  },
  step: async (request) => {
    const observations = [];
    for (const row of request.gradients) {
      observations.push(await session(request.session).step(row));
    }
    return { reply: "stepped", observations };
  },
  get_state: async (request) => ({
    reply: "state",
    state: await session(request.session).state(),
  }),
  probe: (request) => ({ reply: "probed", defaults: probe(request.implementation) }),
  close: (request) => {
    sessions.get(request.session)?.close();
    sessions.delete(request.session);
    return { reply: "done" };
  },
};

async function answer(request) {
  try {
    return await VERBS[request.verb](request);
  } catch (error) {
    return {
      reply: "failure",
      kind: error instanceof Unsupported ? "unsupported" : "error",
      exception: error?.constructor?.name ?? "Error",
      message: String(error?.message ?? error),
      traceback: String(error?.stack ?? ""),
    };
  }
}

function fail(message) {
  console.error(message);
  process.exit(1);
}

async function serve() {
  await tf.setBackend("cpu");
  let buffered = Buffer.alloc(0);
  for await (const chunk of process.stdin) {
    buffered = Buffer.concat([buffered, chunk]);
    while (buffered.length >= 4) {
      const length = buffered.readUInt32BE(0);
      if (length > LARGEST_FRAME) fail(`a frame of ${length} bytes`);
      if (buffered.length < 4 + length) break;
      let request;
      try {
        request = decode(buffered.subarray(4, 4 + length));
      } catch (error) {
        fail(`not msgpack: ${error.message}`);
      }
      if (!Object.hasOwn(VERBS, request?.verb ?? "")) fail(`no verb ${request?.verb}`);
      buffered = buffered.subarray(4 + length);
      const body = encode(await answer(request));
      const head = Buffer.alloc(4);
      head.writeUInt32BE(body.length);
      send(Buffer.concat([head, body]));
    }
  }
}

await serve();
