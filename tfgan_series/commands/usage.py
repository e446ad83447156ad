"""The text of --help: the flags of a command in groups, with the defaults of one ImageType and model."""

import argparse
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any

from absl import flags

from tfgan_series import invocation, series

FILES, OWN = "files", "this command"  # groups of the flags that are no settings
_ORDER = (OWN, *series.GROUPS, FILES)
_NAMING = ("ImageType", "model", "preset")
_WIDTH = 120
_VALUES = {
    "path": "PATH",
    "name": "NAME",
    "int": "N",
    "float": "X",
    "comma separated list of strings": "A,B",
    "comma separated list of whole numbers": "N,N",
}  # the name of a type, absl's or of command_line.py: what stands for a value


def text(command: ModuleType, groups: Mapping[str, str], experiment: series.Experiment) -> str:
    """The help of a command: see command_line.run.

    In its docstring, `tfgan NAME` becomes the way by which the user came. groups: {flag: its group}; a flag in one of
    series.GROUPS is a setting. experiment: its values are the defaults of the settings. Of the settings that only other models
    have, the help gives the names.
    """
    typed = invocation.command(command.__name__.rpartition(".")[2])
    words, to_find = getattr(command, "WORDS", ()), getattr(command, "FINDS_A_RUN", False)
    usual = {series.flag_name(name): value for name, value in series.values(experiment).items()}
    settings = {flag for flag, group in groups.items() if group in series.GROUPS}
    known = {series.flag_name(name) for model in series.MODELS.values() for name in series.fields(model.settings)}
    own = [f"--{flag}" for flag, group in groups.items() if group == OWN and flag in known]
    argument = " [" + "|".join(words) + "]" if words else ""
    parser = argparse.ArgumentParser(
        usage=f"{typed}{argument} [--flag=value ...]",
        description=re.sub(r"\btfgan (\w+)", lambda found: invocation.command(found[1]), command.__doc__ or ""),
        epilog="\n".join(_ending(typed, sorted(settings - set(usual)), experiment, to_find, own)),
        formatter_class=lambda prog: argparse.RawDescriptionHelpFormatter(prog, max_help_position=24, width=_WIDTH),
        add_help=False,
    )
    shown = [flag for flag in groups if flag not in settings or flag in (_NAMING if to_find else usual)]
    for group in sorted({groups[flag] for flag in shown}, key=_ORDER.index):
        section = parser.add_argument_group(group)
        for flag in shown:
            if groups[flag] == group:
                text = flags.FLAGS[flag].help + default(usual[flag] if flag in settings else flags.FLAGS[flag].default)
                # The flags have their values already: the parser only writes the text.
                section.add_argument(spelled(flags.FLAGS[flag], group), help=text.replace("%", "%%"), action="store_true")
    return parser.format_help()


def spelled(flag: flags.Flag, group: str) -> str:
    """How a flag is typed, as --lr=X."""
    if flag.boolean:
        return f"--{'[no]' if group in series.GROUPS or flag.default else ''}{flag.name}"
    choices = getattr(flag.parser, "enum_values", None)
    value = _VALUES.get(flag.parser.flag_type(), "TEXT")
    return f"--{flag.name}={'|'.join(choices) if choices else value}"


def default(value: Any) -> str:
    """What the help says of a flag's default; nothing if the flag has none."""
    if value is None or value == []:
        return ""
    return f" (default: {series.in_words(tuple(value) if isinstance(value, list) else value)})"


def _ending(typed: str, absent: Iterable[str], experiment: series.Experiment, to_find: bool, own: Sequence[str]) -> Iterator[str]:
    """The last lines of the help. absent: the settings that the experiment's model does not have. own: the flags of the command
    that have the name of a setting."""
    if to_find:
        yield "A run that was trained with other settings, as --base_filters=32, is found by the same flags, or by --run_dir."
        if own:
            yield f"{', '.join(own)}: this command has its own. A run that was trained with another one is found by --run_dir."
    else:
        yield f"The defaults of the settings are those of --ImageType={experiment.image_type} --model={experiment.model}."
    if absent and not to_find:
        words = f"Only other models have {', '.join(f'--{flag}' for flag in absent)}: {typed} --model=NAME --help shows them."
        yield from textwrap.wrap(words, _WIDTH, break_on_hyphens=False)
    yield "--flagfile=FILE reads flags from a file, one in each line."
