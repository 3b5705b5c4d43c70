"""TensorFlow.js: what the comments on its functions say, as installed with their declarations.

Objects are named as they are called: ``train.rmsprop``.  The environment has no Python: this runs
in any, and is told the folder.
"""

import json
import os
import re
from pathlib import Path

FOLDER = Path(os.environ["CONFORMANCE_ENVIRONMENT"], "node_modules", "@tensorflow", "tfjs-core")
DECLARED = FOLDER / "dist" / "optimizers" / "optimizer_constructors.d.ts"
VERSIONS = {"tfjs": json.loads((FOLDER / "package.json").read_text("utf-8"))["version"]}


def comment(name):
    """The comment before a function, without its stars."""
    source = DECLARED.read_text(encoding="utf-8")
    function = re.escape(name.rpartition(".")[2])
    before = re.split(rf"\n    static {function}\(", source)[0]
    if before == source:
        raise AttributeError(name)
    block = before[before.rindex("/**") + 3 :].partition("*/")[0]
    return "\n".join(line.strip().removeprefix("*").strip() for line in block.splitlines())


def says(name, *patterns):
    """Whether every regular expression occurs in the comment, blanks being one blank."""
    text = re.sub(r"\s+", " ", comment(name))
    missing = [pattern for pattern in patterns if not re.search(pattern, text)]
    return {"says": not missing, "missing": missing}


def text(name):
    """The comment: a parameter is a paragraph of its own."""
    return {"text": comment(name).replace("\n@", "\n\n@")}
