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
BASE = {"errors", "files", "invocation", "naming", "progress"}
LOOKED_AT = {"pictures", "latent", "inference"}
ROOMS = {
    "errors": set(),
    "naming": {"errors"},
    "files": {"errors", "naming"},
    "progress": set(),
    "invocation": {"naming"},
    "signals": {"invocation"},
    "inference": set(),
    "colours": set(),
    "pictures": {"colours", "errors"},
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
    "report": BASE | {"colours", "pictures", "runs", "data", "series", "evaluation"},
    "preparation": BASE | {"inference", "series", "data", "networks", "runs", "training", "evaluation"},
    "workflow": BASE | {"series", "data", "runs", "run_figures", "report", "training", "preparation"},
    "backend": {"errors", "training"},
    "comparison": BASE
    | {"colours", "pictures", "report", "series", "data", "runs", "training", "preparation", "workflow", "evaluation"},
}
ROOMS["api"] = set(ROOMS)
ROOMS["commands"] = set(ROOMS)
ROOMS["__main__"] = set(ROOMS)


def room(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def modules(path):
    """All that a file imports, as dotted names with the line of each: package.module.name after `from package.module import
    name`. A relative import begins with a dot."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            begin = "." * node.level + (node.module or "")
            yield from ((f"{begin}.{alias.name}", node.lineno) for alias in node.names)


def imports(path):
    """The rooms that a file imports, with the line of each. A relative import is no room."""
    for module, line in modules(path):
        package, _, inner = module.partition(".")
        if inner and package in ("tfgan_series", ""):
            yield (inner.partition(".")[0] if package else module), line


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
    reading = {path for path in FILES if any(re.match(r"absl(\.(flags|app)\b|$)", module) for module, _ in modules(path))}
    assert [name(path) for path in reading if room(path) != "commands"] == []
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


# Files without a test_NAME.py in the same folder of tests/ -> the tests that they have.
ELSEWHERE = {
    "__main__": "test_main",
    "colours": "report/test_plots",  # constants, which the curves and the page must share
    "inference": "test_latent",  # calls of a generator: the tests need one, as those of generators do
    "progress": "training/test_loop",  # the bar, which training has too
    "commands/command_line": "commands/test_commands",
    "commands/compare": "commands/test_commands",  # commands are tested as a user types them, mostly one after the other
    "commands/convert": "commands/test_commands",
    "commands/export": "export/test_runtimes",
    "commands/generate": "commands/test_commands",
    "commands/train": "commands/test_commands",
    "commands/translate": "commands/test_commands",
    "data/sharding": "data/test_conversion",  # a step of a conversion
    "data/datasets/listing": "data/datasets/test_folder",
    "data/datasets/source": "data/datasets/test_celeba",  # what every data set returns
    "exploration/findings": "exploration/test_explore",  # the files that every exploration leaves
    "export/formats": "export/test_runtimes",  # each format is opened by its runtime
    "export/inputs": "export/test_export",
    "report/page": "report/test_report",  # the page, and what stands on it
    "report/reading": "report/test_report",
    "series/settings": "series/test_experiment",  # settings are fields of an Experiment
    "training/cyclegan": "training/test_cyclegan_step",  # its file is not named as networks/test_cyclegan.py
    "training/sheet": "training/test_players",  # what players draw
}


def test_tests_mirror_the_package():
    files = {path.relative_to(PACKAGE).with_suffix("").as_posix() for path in FILES if path.name != "__init__.py"}
    tests = {path.relative_to(ROOT / "tests").with_suffix("").as_posix() for path in (ROOT / "tests").rglob("test_*.py")}
    assert ELSEWHERE.keys() <= files
    assert set(ELSEWHERE.values()) <= tests
    mirrored = {file for file in files if re.sub(r"(\w+)$", r"test_\1", file) in tests}
    mirrored |= {file for file in files if re.sub(r"commands/(\w+)", r"commands/test_\1_command", file) in tests}
    assert sorted(files - mirrored) == sorted(ELSEWHERE), "a new file needs tests: test_NAME.py, or a line in ELSEWHERE"
