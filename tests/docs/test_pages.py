"""The pages: all links lead somewhere, the commands take all flags that the pages type, and the reference is current."""

import importlib.util
import re
import shlex
import sys

import pytest
from absl import flags

import tfgan_series as tg
from tfgan_series import series

from conftest import ROOT

PAGES = sorted([*ROOT.glob("README*.md"), ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/**/*.md")])

spec = importlib.util.spec_from_file_location("reference", ROOT / "docs/reference.py")
reference = importlib.util.module_from_spec(spec)
sys.modules["reference"] = reference  # dataclasses look it up there
spec.loader.exec_module(reference)
COMMANDS = reference.commands()
SCRIPTS = {"make_tfrecord": "convert"} | {name: name for name in COMMANDS}
SETTINGS = {series.flag_name(name): name for model in series.MODELS.values() for name in series.fields(model.settings)}


def name(path):
    return str(path.relative_to(ROOT))


def read(path):
    return path.read_text(encoding="utf-8")


def anchors(path):
    """The headings of a page, as GitHub links to them."""
    text = re.sub(r"^```.*?^```$", "", read(path), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links(page):
    for target in re.findall(r"\]\(([^)\s]+)\)|<img src=\"([^\"]+)\"", re.sub(r"\[`[^`]+`\]", "[]", read(page))):
        file, _, anchor = "".join(target).partition("#")
        if re.match(r"https?:", file):
            continue
        found = (page.parent / file).resolve() if file else page
        assert found.exists(), f"no file {file}"
        assert not anchor or anchor in anchors(found), f"no heading #{anchor} in {name(found)}"


def code(text):
    """The pieces of a page that a reader may type: lines of code blocks that are no Python, and code within sentences."""
    text = re.sub(r"^```python.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL).replace(r"\|", "|")
    fenced = re.findall(r"^```\w*\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    blocks = [line for block in fenced for line in block.splitlines()] + re.findall(r"^ {4}(.*)$", text, flags=re.MULTILINE)
    return [re.sub(r"\s# .*", "", line).strip() for line in blocks] + re.findall(r"`([^`\n]+)`", text)


START = r"(?:\.venv/bin/|\w+=\S+ )*"
TYPED = re.compile(
    rf"{START}(?:(?:python )?scripts/(?P<script>\w+)\.py|(?P<bare>{'|'.join(SCRIPTS)})\.py(?= )|(?:tfgan|python -m tfgan_series) "
    r"(?P<word>\w+))(?P<rest> .*)?"
)


def typed(texts):
    """(command, its words) of all commands of the package in pieces of code."""
    for text in texts:
        for part in re.split(r" && | \| ", text):
            if found := TYPED.fullmatch(part.strip()):
                script = found["script"] or found["bare"]
                yield SCRIPTS[script] if script else found["word"], shlex.split((found["rest"] or "").replace("...", ""))


def check(command, words):
    """Raises an error unless the command takes these words."""
    known = COMMANDS[command]
    try:
        _, *left = known.flags([command, *(word for word in words if not word.startswith(("-h", "--help", "--flagfile")))])
        given = {flag: known.flags[flag].value for flag in known.flags if known.flags[flag].present}
    finally:
        known.flags.unparse_flags()
    assert left in [[], *([word] for word in getattr(known.module, "WORDS", ()))], left
    settings = {SETTINGS[flag]: value for flag, value in given.items() if known.groups[flag] in series.GROUPS}
    series.resolve(**settings)


@pytest.mark.parametrize("page", [page for page in PAGES if not page.stem.startswith("adding_")], ids=name)
def test_commands(page):  # test_adding.py types those of the pages on adding
    for command, words in typed(code(read(page))):
        check(command, words)


@pytest.mark.parametrize("page", [page for page in PAGES if not page.stem.startswith("adding_")], ids=name)
def test_flags_alone(page):
    """`--ema=0.995` in a sentence: one of the commands has the flag."""
    known = {flag for command in COMMANDS.values() for flag in command.flags} | {"help", "flagfile"}
    for text in code(read(page)):
        if text.startswith("--"):
            for flag in re.findall(r"(?:^| )--(?:\[no\])?(\w+)", text):
                assert flag in known or flag.removeprefix("no") in known, text


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_names_of_the_api(page):
    assert set(re.findall(r"\btg\.(\w+)", read(page))) <= set(dir(tg))


@pytest.mark.parametrize("command", COMMANDS)
def test_examples_of_help(command):
    examples = list(typed(line.partition(" # ")[0] for line in COMMANDS[command].module.__doc__.splitlines()))
    assert examples
    for example in examples:
        check(*example)


@pytest.mark.parametrize("pair", series.pairs(), ids="-".join)
def test_train_takes_the_flags_that_a_run_notes(pair):
    check("train", series.flag_lines(series.resolve(*pair)))


def test_wrong_commands_are_found():
    for wrong in ("tfgan train --epoch=3", "python scripts/train.py --loss=hing", "`generate.py walk`", "tfgan explore walk"):
        ((command, words),) = typed([wrong.strip("`")])
        with pytest.raises((flags.Error, AssertionError)):
            check(command, words)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_other_scripts_and_targets_are_there(page):
    targets = re.findall(r"^([\w-]+):", read(ROOT / "Makefile"), flags=re.MULTILINE)
    for text in code(read(page)):
        if found := re.fullmatch(r"make ([\w-]+)", text):
            assert found[1] in targets
        if found := re.match(r"(?:python )?((?:docs|benchmarks|scripts)/[\w/]+\.py)\b", text):
            source = read(ROOT / found[1])
            for flag in re.findall(r" --(\w+)", text):
                assert re.search(rf"\b{flag}\b", source) or found[1].startswith("scripts"), f"{found[1]} has no --{flag}"


def test_the_reference_is_current():
    assert read(reference.PAGE) == reference.page(), "type make reference"


def said(path):
    """What must be the same in every language: code blocks; code, links and numbers of each line of a table; and those of the
    sentences, which have an order of their own."""
    text = read(path)
    blocks = re.findall(r"^```\w*\n.*?^```$|^ {4}[^\n]+$", text, flags=re.MULTILINE | re.DOTALL)
    for block in blocks:
        text = text.replace(block, "")
    marked = r"`[^`\n]+`|(?<=\]\()[^)\s]+|<img src=\"[^\"]+\"|^#+ |\d[\d.,]*\d|\d"
    lines = [sorted(re.findall(marked, line)) for line in text.splitlines() if line.startswith("|")]
    rest = "\n".join(line for line in text.splitlines() if not line.startswith("|"))
    others = [one for one in re.findall(marked, rest, flags=re.MULTILINE) if not one.startswith("README")]
    return [re.sub(r" +# .*", "", block) for block in blocks], lines, sorted(others)


@pytest.mark.parametrize("language", ["vi", "zh-Hant"])
def test_the_front_page_says_the_same_in_every_language(language):
    assert said(ROOT / f"README.{language}.md") == said(ROOT / "README.md")


def test_every_front_page_links_the_others():
    pages = set(ROOT.glob("README*.md"))
    for page in pages:
        top = read(page).partition("\n\n")[2].partition("\n\n")[0]
        assert {page.parent / link for link in re.findall(r"\]\((.*?)\)", top)} == pages - {page}
