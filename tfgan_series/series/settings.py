"""A setting: a field of a frozen dataclass, with its help text, its bounds and its flag."""

import csv
import dataclasses
import io
from collections.abc import Iterable, Mapping
from dataclasses import MISSING
from typing import Any, get_args, get_origin

from tfgan_series.errors import UserError, nearest

GROUPS = ("pictures", "network", "training", "speed")  # of settings, as --help shows them
_KINDS: dict[Any, str] = {
    bool: "True or False",
    int: "a whole number",
    float: "a number",
    str: "a text",
    tuple[int, ...]: "a list of whole numbers",
    tuple[str, ...]: "a list of texts",
}
_FLAG_NAMES = {"image_type": "ImageType", "partition": "Partition"}  # the series' own spelling; all others are snake_case


def flag_name(setting_name: str) -> str:
    """How a setting is spelled as a flag."""
    return _FLAG_NAMES.get(setting_name, setting_name)


def setting(
    text: str,
    default: Any = MISSING,
    *,
    group: str = "training",
    choices: Iterable[Any] | None = None,
    minimum: float | None = None,
    below: float | None = None,
    resume: str = "refuse",
) -> Any:
    """A dataclass field that is a setting.

    text: the flag's help. group: one of GROUPS. choices: the values allowed. minimum: the smallest value allowed. below: all
    values are smaller.
    resume: which other value a run may have when it goes on: "refuse" (none), "grow" (a larger one), "free" (any).
    """
    rules = {"help": text, "group": group, "choices": choices, "minimum": minimum, "below": below, "resume": resume}
    return dataclasses.field(default=default, metadata=rules)


class Settings:
    """A dataclass of settings. Raises UserError for a value that its setting does not allow, also for one of another type. If
    a setting is a float, a whole number becomes one."""

    def __post_init__(self) -> None:
        for field in fields(self).values():
            value, name = getattr(self, field.name), flag_name(field.name)
            if not _fits(value, field.type):
                raise UserError(f"--{name}={value!r}: {_KINDS[field.type]} is needed")
            if field.type is float:  # r1=1 and r1=1.0 are one value, and shall be one text in the names of folders
                value = float(value)
                object.__setattr__(self, field.name, value)  # as frozen dataclasses themselves do
            choices, minimum, below = (field.metadata[rule] for rule in ("choices", "minimum", "below"))
            if choices and value not in choices:
                raise UserError(
                    f"--{name}={value}: choose one of {', '.join(map(str, choices))}{nearest(str(value), map(str, choices))}"
                )
            if minimum is not None and not value >= minimum:
                raise UserError(f"--{name}={value}: at least {minimum} is needed")
            if below is not None and not value < below:
                raise UserError(f"--{name}={value}: less than {below} is needed")


def _fits(value: Any, kind: Any) -> bool:
    """Whether a value is of a setting's type. A whole number is a number too, and True is none."""
    if get_origin(kind) is tuple:
        return isinstance(value, tuple) and all(_fits(one, get_args(kind)[0]) for one in value)
    return isinstance(value, (int, float) if kind is float else kind) and isinstance(value, bool) == (kind is bool)


def fields(settings: Any) -> dict[str, dataclasses.Field]:
    """The settings of a dataclass, or of an instance of one: {name: field}."""
    return {field.name: field for field in dataclasses.fields(settings)}


def values(settings: Any) -> dict[str, Any]:
    """The values of all settings: {name: value}."""
    return {name: getattr(settings, name) for name in fields(settings)}


def with_tuples(given: Mapping[str, Any]) -> dict[str, Any]:
    """The values with their lists as tuples: JSON and users write lists, a frozen dataclass holds tuples."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}


def in_words(value: Any) -> str:
    """A setting's value as a person reads it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ",".join(map(str, value)) or "none"
    return str(value)


def counted(number: float, things: str) -> str:
    """A number and what it counts, in the singular if it is 1. things: the plural, with an s: "1 step", "1,900 steps"."""
    return f"{number:,.10g} {things.removesuffix('s') if number == 1 else things}"


def flag_lines(settings: Any) -> list[str]:
    """The settings as lines of an absl flagfile."""
    return [flag_line(name, value) for name, value in values(settings).items()]


def flag_line(name: str, value: Any) -> str:
    """A setting as a flag, as --lr=0.1."""
    if isinstance(value, bool):
        return f"--{'' if value else 'no'}{flag_name(name)}"
    return f"--{flag_name(name)}={_listed(value) if isinstance(value, tuple) else value}"


def _listed(value: tuple) -> str:
    """The value of a list flag as absl reads it: a line of CSV, because the name of a class may have a comma."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(value)
    return line.getvalue()
