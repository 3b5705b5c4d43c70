"""SARIF and JUnit against the schemas that others publish; they are not ours to ship.

``PUBLIC_SCHEMAS`` names a folder with ``sarif-schema-2.1.0.json`` (OASIS) and ``junit-10.xsd``
(Jenkins' xUnit plugin); .github/workflows/ci.yml fetches them.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import hostile
import pytest
from typer.testing import CliRunner

from optimizer_conformance.cli.main import app

FOLDER = Path(os.environ.get("PUBLIC_SCHEMAS", "")).absolute()


def schema(name):
    path = FOLDER / name
    if not path.is_file():
        pytest.skip(f"PUBLIC_SCHEMAS has no {name}")
    return path


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """A run of hostile names and a ledger of claims, by format."""
    folder = tmp_path_factory.mktemp("schemas")
    words = [f"<a&'\"\u202e\n]]> {count}" for count in range(len(hostile.FIELDS))]
    run = hostile.run_of(words, folder / "run").folder

    def made(format_):
        words = ["--format", format_, "--output", str(folder / format_)]
        CliRunner().invoke(app, ["report", str(run), *words])
        yield (folder / format_).read_text(encoding="utf-8")
        done = CliRunner().invoke(
            app, ["verify", "codecademy-rmsprop", "--claim", "a*", "--format", format_]
        )
        yield done.stdout

    return made


def test_sarif_is_valid(reports):
    jsonschema = pytest.importorskip("jsonschema", exc_type=ImportError)
    content = json.loads(schema("sarif-schema-2.1.0.json").read_text(encoding="utf-8"))
    validator = jsonschema.validators.validator_for(content)(content)
    for text in reports("sarif"):
        assert [error.message for error in validator.iter_errors(json.loads(text))] == []


def test_junit_is_valid(reports):
    xmlschema = pytest.importorskip("xmlschema")
    validator = xmlschema.XMLSchema(schema("junit-10.xsd"))
    for text in reports("junit"):
        assert [error.reason for error in validator.iter_errors(text)] == []
