"""Paddle alone: what the docstrings of RMSProp and Adam say beside the formula."""

import numpy as np
import paddle

VERSIONS = ("paddlepaddle",)


def weight(value=(2.0, -1.0), **attributes):
    """A parameter with a value of its own."""
    start = paddle.nn.initializer.Assign(np.asarray(value, "float32"))
    given = paddle.ParamAttr(initializer=start, **attributes)
    return paddle.create_parameter([len(value)], "float32", attr=given)


def made(name, parameters, **arguments):
    """An optimizer that keeps nothing: a step goes by its rate, down the gradient."""
    forgets = {"rho": 0.0} if name == "RMSProp" else {"beta1": 0.0, "beta2": 0.0}
    given = {"learning_rate": 0.5, "epsilon": 1e-12, **forgets, **arguments}
    return getattr(paddle.optimizer, name)(parameters=parameters, **given)


def stepped(optimizer, weights, gradients):
    """How far one step moves each weight."""
    before = [w.numpy().copy() for w in weights]
    for w, gradient in zip(weights, gradients, strict=True):
        (w * paddle.to_tensor(np.asarray(gradient, "float32"))).sum().backward()
    optimizer.step()
    optimizer.clear_grad()
    return [np.round(w.numpy() - b, 4).tolist() for w, b in zip(weights, before, strict=True)]


def used(name, gradients, weights=None, **arguments):
    """The gradients that a step used, after regularisation and clipping."""
    weights = weights or [weight() for _ in gradients]
    optimizer = made(name, weights, **arguments)
    moves = stepped(optimizer, weights, gradients)
    state = optimizer.state_dict()
    squares = [
        next(
            v
            for k, v in state.items()
            if k.startswith(w.name) and ("mean_square" in k or "moment2" in k)
        )
        for w in weights
    ]
    roots = [np.sqrt(s.numpy()) for s in squares]
    return {
        "used": [np.round(-np.sign(m) * r, 4).tolist() for m, r in zip(moves, roots, strict=True)]
    }


def rates(name):
    """The moves of two steps with a number and with a scheduler that halves it after the first."""
    found = {}
    for words in ("float", "scheduler"):
        scheduler, w = paddle.optimizer.lr.PiecewiseDecay([1], [0.5, 0.25]), weight([2.0])
        optimizer = made(name, [w], learning_rate=0.5 if words == "float" else scheduler)
        found[words] = []
        for _ in range(2):
            found[words] += stepped(optimizer, [w], [[1.0]])[0]
            scheduler.step()
    return found


def without_parameters(name, static=False):
    """Constructed without parameters: in the static graph a step moves every parameter."""
    if not static:
        return {"made": getattr(paddle.optimizer, name)(learning_rate=0.5) is not None}
    paddle.enable_static()
    try:
        main, start = paddle.static.Program(), paddle.static.Program()
        with paddle.static.program_guard(main, start):
            weights = [weight([2.0]) for _ in range(2)]
            loss = paddle.add_n([w.sum() for w in weights])
            getattr(paddle.optimizer, name)(learning_rate=0.5).minimize(loss)
            executor = paddle.static.Executor()
            executor.run(start)
            executor.run(main)
            after = executor.run(main, fetch_list=weights)
        return {"moved": [bool(value[0] != 2.0) for value in after]}
    finally:
        paddle.disable_static()


def kinds(name, **arguments):
    """Whether a step is made: a list, tuple or bare parameter as parameters."""
    found = {}
    for words, wrap in (("list", list), ("tuple", tuple), ("parameter", lambda w: w[0])):
        w = weight([2.0])
        try:
            found[words] = stepped(made(name, wrap([w]), **arguments), [w], [[1.0]])[0][0] != 0
        except Exception as error:  # noqa: BLE001 - what it raises is what is asked for
            found[words] = type(error).__name__
    return found


def groups(name):
    """The moves of two groups, of which the second scales the rate by 0.5 and has its own decay."""
    weights = [weight([2.0]), weight([2.0])]
    groups = [
        {"params": weights[:1]},
        {"params": weights[1:], "learning_rate": 0.5, "weight_decay": 3.0},
    ]
    optimizer = made(name, groups)
    moves = stepped(optimizer, weights, [[1.0], [-1.0]])
    # The second gradient is -1 + 3 * 2 = 5 with the group's decay: it falls, and half as far.
    return {"moves": moves}


def regulariser(kind, coefficient):
    """What the argument weight_decay may be."""
    classes = {"L1": paddle.regularizer.L1Decay, "L2": paddle.regularizer.L2Decay}
    return classes[kind](coefficient) if kind else coefficient


def decayed(name, kind, coefficient):
    """The gradient that a step used at (2, -1) with the gradient (1, 1)."""
    return used(name, [[1.0, 1.0]], weight_decay=regulariser(kind, coefficient))


def own_regulariser(name):
    """The gradients of a parameter with its own regulariser and of one without."""
    own = weight(regularizer=paddle.regularizer.L2Decay(0.25))
    return used(name, [[1.0, 1.0]] * 2, [own, weight()], weight_decay=2.0)


def clipped(name, strategy, *values):
    """The gradients (3, 4) and (0.3, -0.4) as a step used them."""
    clip = getattr(paddle.nn, strategy)(*values)
    return used(name, [[3.0, 4.0], [0.3, -0.4]], grad_clip=clip)


def wrong_clip(name):
    """A number as clipping strategy."""
    return {"made": made(name, [weight()], grad_clip=1.0) is not None}


def strategies():
    """The clipping strategies: classes of paddle.nn that derive from GradientClipBase."""
    base = paddle.nn.clip.GradientClipBase
    classes = [getattr(paddle.nn, n) for n in dir(paddle.nn) if n.startswith("ClipGrad")]
    return {"strategies": sorted(c.__name__ for c in classes if issubclass(c, base))}


def embedding(sparse, **arguments):
    """Which rows of the table, and of both moments, a second step changes: row 0 is looked up."""
    paddle.seed(0)
    table = paddle.nn.Embedding(3, 1, sparse=sparse)
    optimizer = paddle.optimizer.Adam(0.5, parameters=table.parameters(), **arguments)
    states = []
    for rows in ([0, 1, 2], [0]):
        table(paddle.to_tensor(rows)).sum().backward()
        optimizer.step()
        optimizer.clear_grad()
        kept = {k: v for k, v in optimizer.state_dict().items() if "moment" in k}
        found = {k[k.index("moment") :][:7]: v.numpy().copy() for k, v in kept.items()}
        states.append({"weight": table.weight.numpy().copy()} | found)
    return {k: (states[0][k] != states[1][k]).ravel().tolist() for k in sorted(states[0])}


def many_tensors(together):
    """How far the third step moves two parameters, and their moments."""
    weights = [weight([2.0, -1.0]), weight([0.5])]
    optimizer = paddle.optimizer.Adam(0.5, parameters=weights, use_multi_tensor=together)
    for _ in range(3):
        moves = stepped(optimizer, weights, [[0.5, -3.0], [1.0]])
    state = optimizer.state_dict().items()
    moments = [[round(float(x), 6) for x in v.numpy()] for k, v in state if "moment" in k]
    return {"moves": moves, "moments": moments}
