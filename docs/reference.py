"""Writes docs/reference.md: every flag with its meaning and its defaults, from the settings and the commands themselves.

make reference
"""

import functools
import importlib
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from absl import flags

from tfgan_series import series
from tfgan_series.__main__ import COMMANDS
from tfgan_series.commands import command_line, usage

PAGE = Path(__file__).with_name("reference.md")
HEAD = """# Reference: every flag

`make reference` writes this page from the settings. A setting is a flag of its name; in Python, `--ImageType` is `image_type` and
`--Partition` is `partition`. A list is typed with commas (`--lr_drops=10,20`). `--bbox` is yes and `--nobbox` is no.
`python scripts/train.py --help --ImageType=cifar10` shows the defaults of one kind of pictures.
`--flagfile=FILE` reads flags from a file, one in each line.
"""
RESUME = {"refuse": "", "grow": "; may grow when a run goes on", "free": "; may change when a run goes on"}
NAMING = {
    "image_type": series.DEFAULT_IMAGE_TYPE,
    "model": "dcgan; cyclegan for two sets of pictures",
    "preset": "article",
}
TITLES = {"pictures": "Pictures", "network": "Network", "training": "Training", "speed": "Speed"}


@dataclass(frozen=True)
class Command:
    """A command's module, its flags, and the group in --help of each."""

    module: ModuleType
    flags: flags.FlagValues
    groups: dict[str, str]


def commands():
    """{name: Command} of all commands. The flags are their own again afterwards: none stays in absl's FLAGS."""
    found = {}
    for name in COMMANDS:
        module, before = importlib.import_module(f"tfgan_series.commands.{name}"), set(flags.FLAGS)
        command_line.define(module)
        found[name] = Command(module, flags.FlagValues(), command_line.groups())
        for flag in set(flags.FLAGS) - before:
            found[name].flags[flag] = flags.FLAGS[flag]
            delattr(flags.FLAGS, flag)
    return found


@functools.cache
def _values():
    """{pair: {setting: its default}} of all pairs of an ImageType and a model."""
    return {pair: series.values(series.resolve(*pair)) for pair in series.pairs()}


@functools.cache
def columns():
    """The models that share a column of defaults: those that have the same values wherever both have a setting."""
    found = []
    for model in series.MODELS:
        for column in found:
            if not _differ(column[0], model):
                column.append(model)
                break
        else:
            found.append([model])
    return found


def _differ(one, other):
    if series.MODELS[one].settings.sets != series.MODELS[other].settings.sets:
        return True
    pairs = [(values, _values()[kind, other]) for (kind, model), values in _values().items() if model == one]
    return any(a[name] != b[name] for a, b in pairs for name in a.keys() & b.keys() - {"model"})


def defaults(name, models):
    """A setting's default for models as a person reads it: the usual value, and the ImageTypes that have another one."""
    of = next((model for model in models if name in series.fields(series.MODELS[model].settings)), None)
    if of is None:
        return "–"
    words = {}
    for (image_type, model), values in _values().items():
        if model == of:
            words.setdefault(series.in_words(values[name]), []).append(image_type)
    usual, *others = sorted(words, key=lambda value: -len(words[value]))
    return "; ".join([usual, *(f"{value} ({', '.join(words[value])})" for value in others)])


def _only(name):
    """Which models have a setting, if others that share their column do not."""
    having = [model for model, one in series.MODELS.items() if name in series.fields(one.settings)]
    mixed = any(0 < len(set(models) & set(having)) < len(models) for models in columns())
    return f"; only {', '.join(having)}" if mixed else ""


def _table(*rows):
    """Lines of a Markdown table. The first row is its head."""
    lines = ["| " + " | ".join(" ".join(cell.split()).replace("|", r"\|") for cell in row) + " |" for row in rows]
    return [lines[0], "|" + "---|" * len(rows[0]), *lines[1:]]


def _settings(group, train):
    """The lines of a group of settings."""
    fields = {name: field for model in series.MODELS.values() for name, field in series.fields(model.settings).items()}
    rows = [("flag", "meaning", *(", ".join(models) for models in columns()))]
    for name, field in fields.items():
        if field.metadata["group"] == group and name not in NAMING:
            text = field.metadata["help"] + RESUME[field.metadata["resume"]] + _only(name)
            spelled = usage.spelled(train.flags[series.flag_name(name)], group)
            rows.append((f"`{spelled}`", text, *(defaults(name, models) for models in columns())))
    return ["", f"### {TITLES[group]}", "", *_table(*rows)]


def _naming(train):
    """The lines of the flags that choose a row: the pictures, the model and the preset."""
    rows = [("flag", "meaning", "default")]
    for name, usual in NAMING.items():
        flag = train.flags[series.flag_name(name)]
        rows.append((f"`{usage.spelled(flag, 'pictures')}`", flag.help, usual))
    return ["", "### What to draw, and with which numbers", "", *_table(*rows)]


def _presets():
    rows = [("preset", "ImageType", "model", "what it changes")]
    for name, of_pairs in series.PRESETS.items():
        alike = {}
        for (image_type, model), numbers in of_pairs.items():
            typed = {one: "" if value == () else series.in_words(value) for one, value in numbers.items()}
            changed = tuple(f"--{series.flag_name(one)}={text}" for one, text in typed.items())
            alike.setdefault(changed, []).append((image_type, model))
        for changed, pairs in alike.items():
            names = (", ".join(dict.fromkeys(pair[place] for pair in pairs)) for place in (0, 1))
            rows.append((f"`--preset={name}`", *names, f"`{' '.join(changed)}`"))
    return ["", "### Presets", "", "`--preset=article` changes nothing.", "", *_table(*rows)]


def _command(name, command):
    """The lines of a command: its own flags, and which settings it takes."""
    settings = [flag for flag, group in command.groups.items() if group in series.GROUPS]
    own = {flag: group for flag, group in command.groups.items() if group not in series.GROUPS}
    rows = [("flag", "meaning")]
    for flag, group in own.items():
        one = command.flags[flag]
        rows.append((f"`{usage.spelled(one, group)}`", f"{one.help}{usage.default(one.default)}"))
    everything = command.groups.keys() >= _all_settings()
    taken = "All settings." if everything else "Settings: " + ", ".join(f"`--{flag}`" for flag in settings) + "."
    first = (command.module.__doc__ or "").partition("\n")[0]
    return ["", f"### {name}", "", first + " " + taken, "", *_table(*rows)]


def _all_settings():
    return {series.flag_name(name) for model in series.MODELS.values() for name in series.fields(model.settings)}


def page():
    """The text of docs/reference.md."""
    found = commands()
    lines = [HEAD.strip(), "", "## Settings", "", SETTINGS.strip(), *_naming(found["train"])]
    for group in series.GROUPS:
        lines += _settings(group, found["train"])
    lines += _presets()
    lines += ["", "## Commands", "", COMMANDS_HEAD.strip()]
    for name, command in found.items():
        lines += _command(name, command)
    return "\n".join(lines) + "\n"


SETTINGS = """
`python scripts/train.py` and `python scripts/compare.py` take all settings. The last columns have each model's default;
in brackets stand the ImageTypes with another default. A dash: the model does not have the setting.
"""
COMMANDS_HEAD = """
The tables have the flags that are no settings. `tfgan convert` is `python scripts/make_tfrecord.py`, `tfgan train` is
`python scripts/train.py`, and so on.
"""

if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"Written: {PAGE}")
