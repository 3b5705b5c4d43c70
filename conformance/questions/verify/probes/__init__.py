"""Small scripts that ask one framework what the worker protocol cannot ask.

``probes/ADAPTER/FILE.py`` runs in that adapter's environment with that framework alone: it imports
nothing of this project.  It holds plain functions that *observe and return*; what is right stands
in the claim, so that a claim edited to be false fails::

    VERSIONS = ("mindspore",)      # distributions; the first is the version that a claim is
                                   # decided on
    DEVICE = "cpu"                 # optional

    def construct(**arguments):
        return {"decay": make(**arguments).decay}      # anything that JSON can hold

A claim calls a function with literals, and compares what came back key by key::

    check = { name = "script", adapter = "mindspore", file = "arguments",
              call = "construct(decay=1)", expect = { raised = "TypeError" } }

    check = { name = "script", adapter = "mindspore", file = "arguments",
              call = "construct()", expect = { decay = 0.9 } }

    check = { name = "script", adapter = "mindspore", file = "steps", call = "first_step()",
              readings = [ { reading = "starts at 0", expect = { mean_square = 0.0 } },
                           { reading = "starts at 1", expect = { mean_square = 1.0 } } ] }

What a function raises is an observation: ``{"raised": "TypeError", "bases": [...], "message":
...}``; ``raised`` in a claim also fits a base class.  An expected value may be a table with one of
``contains``, ``one_of``, ``at_least``, ``at_most``, ``above``, ``below``.

An environment in another language has no Python: its probes run in any, find its folder in
``CONFORMANCE_ENVIRONMENT``, and give ``VERSIONS`` as a table of names and versions.

All calls of one file are made in one process, because an import costs seconds; a crash or a late
answer costs one call, and the rest go on in a new process.  The same file is the evidence: its
claims print the command that shows one call again,

    PYTHON conformance/questions/verify/probes/run.py conformance/questions/verify/probes/mindspore/rmsprop.py 'argument("decay", 1)'
"""  # noqa: E501 - a command that can be copied
