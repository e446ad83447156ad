"""Checks that the package's code keeps the rules of CONTRIBUTING.md."""

import ast
import inspect
import re

import pytest

from tfgan_series import losses, series
from tfgan_series.__main__ import COMMANDS

from conftest import ROOT

PACKAGE = ROOT / "tfgan_series"
FILES = sorted(PACKAGE.rglob("*.py"))


def name(path):
    return str(path.relative_to(ROOT))


# Room (a file or folder of the package) -> the rooms that it may import. No two rooms import each other.
BASE = {"errors", "files", "invocation", "progress"}
LOOKED_AT = {"pictures", "latent", "inference"}
ROOMS = {
    "errors": set(),
    "files": {"errors"},
    "progress": set(),
    "invocation": {"files"},
    "signals": set(),
    "inference": set(),
    "colours": set(),
    "pictures": {"colours"},
    "losses": {"series"},
    "data": BASE | {"pictures"},
    "series": BASE | {"data"},
    "latent": {"errors", "inference", "invocation"},
    "networks": BASE | {"inference", "series"},
    "classifier": BASE | {"inference", "series", "data"},
    "runs": BASE | {"series", "data"},
    "generators": BASE | {"runs", "series", "data"},
    "run_figures": BASE | {"pictures", "runs"},
    "training": BASE | LOOKED_AT | {"series", "data", "networks", "losses", "runs", "evaluation", "signals"},
    "generation": BASE | LOOKED_AT | {"generators", "runs"},
    "translation": BASE | LOOKED_AT | {"generators", "runs", "data", "series"},
    "exploration": BASE | LOOKED_AT | {"generators", "runs", "data", "series", "classifier"},
    "evaluation": BASE | LOOKED_AT | {"generators", "runs", "data", "series", "classifier"},
    "export": BASE | {"inference", "generators", "runs", "series", "evaluation", "translation"},
    "report": BASE | {"colours", "runs", "data", "series", "evaluation"},
    "preparation": BASE | {"inference", "series", "data", "networks", "runs", "training"},
    "workflow": BASE | {"series", "data", "runs", "run_figures", "report", "training", "preparation"},
    "backend": {"errors", "training"},
    "comparison": BASE | {"colours", "report", "series", "data", "runs", "training", "preparation", "workflow", "evaluation"},
}
ROOMS["api"] = set(ROOMS)
ROOMS["commands"] = set(ROOMS)
ROOMS["__main__"] = set(ROOMS)


def room(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path):
    """The rooms that a file imports, with the line of each."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tfgan_series"):
            inner = node.module.removeprefix("tfgan_series").strip(".").split(".")[0]
            for name in [inner] if inner else [alias.name for alias in node.names]:
                yield name, node.lineno


@pytest.mark.parametrize("path", [path for path in FILES if path.parent != PACKAGE or path.name != "__init__.py"], ids=name)
def test_rooms_import_one_way(path):
    assert room(path) in ROOMS, f"a new room: add {room(path)!r} to ROOMS, with what it may import"
    allowed = ROOMS[room(path)] | {room(path)}
    assert [f"line {line}: {name}" for name, line in imports(path) if name not in allowed] == []


def test_the_ways_have_no_circle():
    done, left = set(), {name: uses - {name} for name, uses in ROOMS.items()}
    while ready := {name for name, uses in left.items() if uses <= done}:
        done |= ready
        left = {name: uses for name, uses in left.items() if name not in done}
    assert not left


def test_only_commands_read_flags():
    assert [path.name for path in FILES if "absl import" in path.read_text() and room(path) != "commands"] == []
    assert len((ROOT / "scripts/train.py").read_text().splitlines()) <= 5


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_message_names_a_command_the_way_the_user_came(path):
    """invocation.command("train"), and no train.py: the user may have typed `tfgan train`. Docstrings may name files."""
    tree = ast.parse(path.read_text())
    said = {node.value.value for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)}
    words = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    script = re.compile(rf"\b({'|'.join((*COMMANDS, 'make_tfrecord'))})\.py\b")
    assert [f"line {node.lineno}" for node in words if node.value not in said and script.search(node.value)] == []


NAMES = set(series.MODELS) | {image_type for image_type, _ in series.pairs()}
HOMES = {PACKAGE / "series", PACKAGE / "data/datasets", PACKAGE / "networks"}


@pytest.mark.parametrize("path", [path for path in FILES if not HOMES & set(path.parents)], ids=name)
def test_no_code_asks_which_model_or_data_set_it_has(path):
    words = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant)]
    assert [f"line {node.lineno}: {node.value}" for node in words if node.value in NAMES] == []


@pytest.mark.parametrize("path", [*FILES, *sorted((ROOT / "scripts").glob("*.py"))], ids=name)
def test_no_function_is_longer_than_60_lines(path):
    functions = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef))
    assert [node.name for node in functions if node.end_lineno - node.lineno >= 60] == []


def test_every_loss_can_be_named_and_takes_a_label_where_it_says_so():
    takes = {name: "real_label" in inspect.signature(one.discriminator).parameters for name, one in losses.LOSSES.items()}
    assert takes == {name: one.has_target for name, one in series.LOSSES.items()}


def test_tests_mirror_the_package():
    rooms = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert rooms <= {path.name for path in (ROOT / "tests").iterdir()}
