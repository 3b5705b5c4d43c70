"""``python primitives.py FRAMEWORK DEVICE [EVERY]``: the largest error of a device's primitives.

A script for the interpreter that has the framework; it needs nothing of this project.  Roots and
reciprocals are taken of every positive float32 (or of each ``EVERY``-th), of every float16 and
bfloat16; quotients of a grid of significands; powers of the decay rates in use.  What is right is
computed in float64 on the same device, whose own error is a 2^-29 part of what is measured.

Errors are in units in the last place of the result, where operands and result are normal numbers;
what becomes of subnormal ones is counted apart.  Prints one line of JSON a primitive.
"""

import json
import sys
import time

import numpy as np

CHUNK = 1 << 24
NORMAL = 2.0**-126  # the smallest normal float32
LARGEST = float(np.finfo(np.float32).max)
BASES = (0.5, 0.9, 0.95, 0.99, 0.999, 0.9999, 0.99999)
TIMES = 1 << 17  # steps
SIGNIFICANDS = 1 << 12  # of numerator and denominator
ULP = np.exp2(np.maximum(np.arange(256), 1) - 150.0)  # by the biased exponent of a float32


class Numpy:
    """Arrays on the host; the others differ from it in names."""

    formats = {"float16": np.float16}
    ways = ("",)
    pi = np

    def __init__(self, device):
        self.version = np.__version__

    def floats(self, start, count, every):
        """Positive float32 by their bits, from ``start``."""
        return (start + np.arange(count, dtype=np.int32) * every).view(np.float32)

    def array(self, values):
        return np.asarray(values)

    def bits(self, values):
        return values.view(np.int32)

    def double(self, values):
        return values.astype(np.float64)

    def single(self, values):
        return values.astype(np.float32)

    def cast(self, values, name):
        return values.astype(self.formats[name])

    def exact(self, values):
        """Positive float32 as float64, by their bits: some devices read subnormal ones as zero."""
        bits = self.bits(values)
        small = self.double(bits) * 2.0**-149
        return self.pi.where(bits < 1 << 23, small, self.double(values))

    def host(self, value):
        return np.asarray(value)

    def way(self, function, name):
        """The function as ``name`` carries it out."""
        return function

    def rsqrt(self, values):
        return 1 / np.sqrt(values)


class Cupy(Numpy):
    """CuPy's functions, and the same operations in a kernel."""

    ways = ("", "kernel")

    def __init__(self, device):
        import cupy

        self.pi, self.version = cupy, cupy.__version__
        cupy.cuda.Device(int(device.partition(":")[2] or 0)).use()

    def floats(self, start, count, every):
        return (start + self.pi.arange(count, dtype=np.int32) * every).view(np.float32)

    def array(self, values):
        return self.pi.asarray(values)

    def host(self, value):
        return self.pi.asnumpy(value)

    def way(self, function, name):
        return self.kernel(function) if name == "kernel" else function

    def kernel(self, function):
        """An ElementwiseKernel of the operation that a function stands for."""
        words = {"root": "y = sqrt(x)", "reciprocal": "y = T(1) / x", "quotient": "y = x / z",
                 "reciprocal root": "y = rsqrt(x)", "power": "y = pow(x, z)",
                 "exponential": "y = exp(x)"}  # fmt: skip
        inputs = "T x, T z" if function.pair else "T x"
        return self.pi.ElementwiseKernel(inputs, "T y", words[function.name], "measured")

    def rsqrt(self, values):
        return self.pi.reciprocal(self.pi.sqrt(values))


class Torch(Numpy):
    """PyTorch's operators, and the same through Inductor."""

    ways = ("", "compiled")

    def __init__(self, device):
        import torch

        self.pi, self.version, self.device = torch, torch.__version__, device
        self.formats = {"float16": torch.float16, "bfloat16": torch.bfloat16}

    def floats(self, start, count, every):
        found = self.pi.arange(count, dtype=self.pi.int32, device=self.device)
        return (start + found * every).view(self.pi.float32)

    def array(self, values):
        return self.pi.as_tensor(values, device=self.device)

    def bits(self, values):
        return values.view(self.pi.int32)

    def double(self, values):
        return values.double()

    def single(self, values):
        return values.float()

    def cast(self, values, name):
        return values.to(self.formats[name])

    def host(self, value):
        return value.cpu().numpy()

    def way(self, function, name):
        return self.pi.compile(function.call) if name == "compiled" else function

    def rsqrt(self, values):
        return self.pi.rsqrt(values)


class Jax(Numpy):
    """JAX's functions one by one, and under jit."""

    ways = ("", "jit")

    def __init__(self, device):
        import jax
        import jax.numpy as jnp
        import ml_dtypes

        jax.config.update("jax_enable_x64", True)  # for what is right; operands keep their format
        kind, _, index = device.replace("cuda", "gpu").partition(":")
        jax.config.update("jax_default_device", jax.devices(kind)[int(index or 0)])
        self.jax, self.pi, self.version = jax, jnp, jax.__version__
        self.formats = {"float16": np.float16, "bfloat16": ml_dtypes.bfloat16}

    def floats(self, start, count, every):
        found = self.pi.arange(count, dtype=np.int32) * np.int32(every) + np.int32(start)
        return self.jax.lax.bitcast_convert_type(found, np.float32)

    def array(self, values):
        return self.pi.asarray(values)

    def bits(self, values):
        return self.jax.lax.bitcast_convert_type(values, np.int32)

    def way(self, function, name):
        return self.jax.jit(function.call) if name == "jit" else function

    def rsqrt(self, values):
        return self.jax.lax.rsqrt(values)


FRAMEWORKS = {"numpy": Numpy, "cupy": Cupy, "torch": Torch, "jax": Jax}


class Operation:
    """One primitive: how it is written, and whether it takes two operands."""

    def __init__(self, name, call, pair=False):
        self.name, self.call, self.pair = name, call, pair

    def __call__(self, *operands):
        return self.call(*operands)


def operations(on):
    """The primitives of an optimizer's step, as a framework writes them."""
    return [
        Operation("root", lambda x: on.pi.sqrt(x)),
        Operation("reciprocal", lambda x: 1 / x),
        Operation("reciprocal root", lambda x: on.rsqrt(x)),
        Operation("exponential", lambda x: on.pi.exp(x)),
        Operation("quotient", lambda x, y: x / y, pair=True),
        Operation("power", lambda x, y: x**y, pair=True),
    ]


# The same in float64, in words that no compiler sees.
RIGHT = {
    "root": lambda on, x: on.pi.sqrt(x),
    "reciprocal": lambda on, x: 1 / x,
    "reciprocal root": lambda on, x: 1 / on.pi.sqrt(x),
    "exponential": lambda on, x: on.pi.exp(x),
    "quotient": lambda on, x, y: x / y,
    "power": lambda on, x, y: x**y,
}


class Worst:
    """The largest error so far, and what became of subnormal numbers.

    ``roundings`` is the largest relative one, in units of 2^-24: what the bound charges.
    """

    def __init__(self):
        self.error, self.operands, self.count, self.roundings = 0.0, (), 0, 0.0
        self.subnormal = {"operands": 0, "results": 0}
        # ``normal``: results that are no subnormal numbers and became zero all the same.
        self.flushed = {"operands": 0, "results": 0, "normal": 0}

    def take(self, on, table, operands, found, right):
        """Hold float32 results against float64 ones."""
        size, smallest = abs(right), 2.0**-149
        sound = (size >= NORMAL) & (size < LARGEST)
        low = size < 0
        for operand in operands:  # by their bits: some devices read a subnormal number as zero
            bits = on.bits(operand)
            sound = sound & (bits >= 1 << 23)
            low = low | ((bits < 1 << 23) & (bits > 0))
        lost = sound & (found == 0)
        self.flushed["normal"] += int(on.host(lost.sum()))
        sound = sound & ~lost
        distance = abs(on.double(found) - right)
        distance = on.pi.where(sound, distance, on.pi.zeros_like(distance))
        error = distance / table[on.bits(on.single(size)) >> 23]
        relative = distance / on.pi.where(sound, size, on.pi.ones_like(size))
        place = int(on.host(error.argmax()))
        largest = float(on.host(error[place]))
        self.roundings = max(self.roundings, float(on.host(relative.max())) * 2.0**24)
        self.count += int(on.host(sound.sum()))
        if largest > self.error:
            self.error = largest
            self.operands = tuple(float(on.host(item[place])) for item in operands)
        small = (size < NORMAL) & (size >= smallest) & ~low
        zero = found == 0
        self.subnormal["results"] += int(on.host(small.sum()))
        self.flushed["results"] += int(on.host((small & zero).sum()))
        treated = low & (size >= NORMAL) & (size < LARGEST)
        wrong = treated & (zero | ~on.pi.isfinite(found))
        self.subnormal["operands"] += int(on.host(treated.sum()))
        self.flushed["operands"] += int(on.host(wrong.sum()))

    def content(self):
        return {
            "ulp": self.error,
            "roundings": self.roundings,
            "operands": [value.hex() for value in self.operands],
            "values": self.count,
            "subnormal": self.subnormal,
            "flushed": self.flushed,
        }


def operands_of(on, operation, every):
    """Chunks of operands of one primitive, in float32."""
    if operation.name == "power":
        times = on.single(on.array(np.arange(1.0, TIMES)))
        for base in BASES:
            yield 0 * times + on.single(on.array(np.asarray(base))), times
    elif operation.name == "quotient":
        steps = np.linspace(1, 2, SIGNIFICANDS, endpoint=False)
        grid = on.single(on.array(steps + np.exp2(-23)))
        for number in range(0, SIGNIFICANDS, 64 * every if every > 1 else 64):
            rows = grid[number : number + 64]
            yield (
                (rows[:, None] + 0 * grid[None, :]).reshape(-1),
                (0 * rows[:, None] + grid[None, :]).reshape(-1),
            )
        tiny = grid * float(np.float32(NORMAL))
        yield tiny[: SIGNIFICANDS // 2], 0 * tiny[: SIGNIFICANDS // 2] + 4.0
    else:
        count = 0x7F800000 // every
        for start in range(0, count, CHUNK):
            yield (on.floats(start * every, min(CHUNK, count - start), every),)


def measure(on, table, operation, way, every):
    """The largest error of a primitive in float32."""
    worst, call = Worst(), on.way(operation, way)
    for operands in operands_of(on, operation, every):
        # Of the exponential, what lies between the smallest and the largest float32.
        right = RIGHT[operation.name](on, *map(on.exact, operands))
        worst.take(on, table, operands, call(*operands), right)
    return worst.content()


def narrow(on, operation, way, name):
    """The largest error over every positive number of a format of 16 bits."""
    bits = np.arange(1, 0x7C00 if name == "float16" else 0x7F80, dtype=np.uint16)
    if name == "float16":
        values = bits.view(np.float16).astype(np.float64)
        least, digits = 2.0**-14, 10
    else:
        values = (bits.astype(np.uint32) << 16).view(np.float32).astype(np.float64)
        least, digits = NORMAL, 7
    right = {"root": np.sqrt, "reciprocal": np.reciprocal}[operation.name](values)
    found = on.way(operation, way)(on.cast(on.single(on.array(values)), name))
    found = on.host(on.single(found)).astype(np.float64)
    largest = 65504.0 if name == "float16" else 2.0**127
    sound = (values >= least) & (right >= least) & (right < largest)
    error = np.abs(found - right) / np.exp2(np.floor(np.log2(right)) - digits)
    place = int(np.argmax(np.where(sound, error, 0)))
    relative = np.where(sound, np.abs(found - right) / right, 0).max() * 2.0 ** (digits + 1)
    return {
        "ulp": float(error[place]),
        "roundings": float(relative),
        "operands": [float(values[place]).hex()],
        "values": int(sound.sum()),
    }


def main(framework, device, every=1):
    """Measure everything and print it."""
    on = FRAMEWORKS[framework](device)
    table = on.array(ULP)
    for operation in operations(on):
        for way in on.ways:
            formats = list(on.formats) if operation.name in ("root", "reciprocal") else []
            for name in ["float32", *formats]:
                started = time.time()
                about = {"framework": framework, "version": on.version, "device": device,
                         "way": way, "primitive": operation.name, "dtype": name}  # fmt: skip
                try:
                    if name == "float32":
                        found = measure(on, table, operation, way, every)
                    else:
                        found = narrow(on, operation, way, name)
                except Exception as error:
                    found = {"failed": f"{type(error).__name__}: {error}"[:500]}
                seconds = round(time.time() - started, 2)
                print(json.dumps({**about, **found, "seconds": seconds}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int((sys.argv[3:] or ["1"])[0]))
