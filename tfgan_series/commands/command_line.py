"""What the commands share: a flag for every setting, and one line for every error."""

import contextlib
import functools
import os
import re
import sys
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from absl import app, flags

from tfgan_series import invocation, naming, series
from tfgan_series.commands import usage
from tfgan_series.errors import UserError, nearest, reason_of
from tfgan_series.series.settings import with_tuples

FLAGS = flags.FLAGS

SEEDS: Any = {"lower_bound": 0, "upper_bound": 2**32 - 1}  # of the noise: what a command's own --seed takes
_BROKEN = 141  # the shell's exit status of a command whose output nobody reads any more

_HELP = ("-h", "-help", "--help", "--helpshort", "--helpfull")

defined: list[str] = []  # settings that this command has a flag for
_groups: dict[str, str] = {}  # flags that are settings or paths: their groups in --help


def define(command: ModuleType) -> None:
    """Define the flags of a command, which may be another than before: docs/reference.py defines one after the other."""
    _groups.clear()
    defined.clear()
    command.define()


def define_records() -> None:
    """The flag for where records lie."""
    define_path("TFRecordPath", "tfrecords", "root folder of the records, the same in every command")


def define_run(text: str) -> None:
    """The flags for a run's folder."""
    default = "runs/<model>/<ImageType>-<image_size>, and after it the preset and the settings that you change"
    define_path("run_dir", None, f"{text} (default: {default})")
    _define_in_files("name", "name", None, "a name of your own for the run: its folder is then runs/<name>")


def define_label(text: str) -> None:
    """The flag for what a conditional run is asked for."""
    how = "a class by its name or its number from 0, or attributes, as Smiling+Male; several with commas"
    flags.DEFINE_list("label", [], f"of a conditional run: {text}; {how}")


def define_path(name: str, default: str | None, text: str) -> None:
    """A flag for a file or a folder; path() reads it."""
    _define_in_files(name, "path", default, text)


def _define_in_files(name: str, kind: str, default: str | None, text: str) -> None:
    define: Any = flags.DEFINE  # its types want a serializer, which it does not need
    define(_Text(kind), name, default, text)
    _groups[name] = usage.FILES


class _Text(flags.ArgumentParser):
    """Any text. kind: what --help calls its type."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def flag_type(self) -> str:
        return self._kind


def define_choice(name: str, default: str | None, choices: Iterable[str], text: str, elsewhere: Collection[str] = ()) -> None:
    """A flag for one of these words, in small or large letters. For another word, the error offers one that is near. elsewhere:
    words that only other commands take."""
    define: Any = flags.DEFINE  # its types want a serializer, which it does not need
    define(_Choice(choices, elsewhere), name, default, text)


class _Choice(flags.EnumParser):
    def __init__(self, choices: Iterable[str], elsewhere: Collection[str]) -> None:
        super().__init__(choices, case_sensitive=False)
        self._elsewhere = elsewhere

    def parse(self, argument: str) -> str:
        try:
            return super().parse(argument)
        except ValueError:
            if argument in self._elsewhere:
                raise ValueError(f"not for this command; it takes {', '.join(self.enum_values)}") from None
            raise ValueError(f"choose one of {', '.join(self.enum_values)}{nearest(argument, self.enum_values)}") from None


class WholeNumbers(flags.ArgumentParser):
    """3,17 as (3, 17). least: the fewest numbers that are allowed."""

    def __init__(self, least: int = 1) -> None:
        self._least = least

    def parse(self, argument: str) -> Any:
        words = argument.split(",") if argument else []
        if len(words) < self._least:
            raise ValueError("give a whole number, or several with commas, as 3,17")
        for word in words:
            if not re.fullmatch(r" *-?[0-9]+ *", word):
                raise ValueError(f"{word!r} is no whole number; several have commas between them, as 3,17")
        return tuple(map(int, words))

    def flag_type(self) -> str:
        return "comma separated list of whole numbers"


def define_whole_numbers(name: str, text: str, *, least: int = 1) -> None:
    """A flag for whole numbers with commas; its value is a tuple, or None if the flag was not given."""
    define: Any = flags.DEFINE  # its types want a serializer, which it does not need
    define(WholeNumbers(least), name, None, text)


def define_settings(*names: str, draws_from: str | None = None, own: Collection[str] = ()) -> None:
    """Define a flag for each named setting, or for all of them if none is named.

    draws_from: offer only the models that draw from this, "noise" or "pictures", and the ImageTypes they draw. own: settings
    whose names the command uses for flags of its own.
    """
    fitting = series.drawing_from(draws_from)
    pairs = [pair for pair in series.pairs() if pair[1] in fitting]
    kinds = list(dict.fromkeys(image_type for image_type, _ in pairs))
    models = list(dict.fromkeys(model for _, model in pairs))
    aliases = [alias for alias, kind in series.ALIASES.items() if kind in kinds]
    fields = {name: field for model in models for name, field in series.fields(series.MODELS[model].settings).items()}
    defined[:] = ["image_type", "model", *(names or [name for name in fields if name not in {"image_type", "model", *own}])]
    _groups.update({series.flag_name(name): fields[name].metadata["group"] for name in defined})
    usual = series.DEFAULT_IMAGE_TYPE if series.DEFAULT_IMAGE_TYPE in kinds else kinds[0]
    others = [{*names} - {*offered} for names, offered in zip(zip(*series.pairs(), strict=True), (kinds, models), strict=True)]
    define_choice("ImageType", usual, [*kinds, *aliases], fields["image_type"].metadata["help"], others[0])
    define_choice("model", None, models, fields["model"].metadata["help"], others[1])
    for name in defined[2:]:
        _define_setting(name, fields[name], _choices(name, models))


def _choices(name: str, models: Iterable[str]) -> list[Any]:
    """The values of a setting that one of the models allows; each Experiment refuses those of the others."""
    found = (series.fields(series.MODELS[model].settings).get(name) for model in models)
    return list(dict.fromkeys(value for field in found if field for value in field.metadata["choices"] or ()))


def _define_setting(name: str, field: Any, choices: list[Any]) -> None:
    kind, flag, text = field.type, series.flag_name(name), field.metadata["help"]
    if name == "preset":
        define_choice(flag, None, ["article", *series.PRESETS], text)
    elif choices and kind is str:
        define_choice(flag, None, choices, text)
    elif kind is bool:
        flags.DEFINE_bool(flag, None, text)
    elif kind == tuple[int, ...]:
        define_whole_numbers(flag, text + "; comma-separated", least=0)
    elif kind == tuple[str, ...]:
        flags.DEFINE_list(flag, None, text + "; comma-separated")
    else:
        define: Any = {int: flags.DEFINE_integer, float: flags.DEFINE_float, str: flags.DEFINE_string}[kind]
        define(flag, None, text)


def given_settings() -> dict[str, Any]:
    """The settings whose flags were given, {name: value}."""
    given = {}
    for name in defined:
        flag = FLAGS[series.flag_name(name)]
        if flag.present and flag.value is not None:
            given[name] = series.ALIASES.get(flag.value, flag.value) if name == "image_type" else flag.value
    return with_tuples(given)


def experiment(run: Path | None = None) -> series.Experiment:
    """The Experiment that the flags name. run: a folder; if a run is there and the flags name neither ImageType nor model nor
    preset, it is the run's, with the settings that were given. Raises UserError."""
    from tfgan_series import runs

    given = given_settings()
    if run and (run / runs.EXPERIMENT).is_file() and not {"image_type", "model", "preset"} & set(given):
        return runs.read_experiment(run).change(**given)
    return series.resolve(**{"image_type": FLAGS.ImageType, **given})


def records_path(run: Path | None) -> Path:
    """The folder of the records: --TFRecordPath if it was given, else that of the run, if the run is there and says it. Raises
    UserError."""
    from tfgan_series import runs

    return given_records() or (run and runs.records_path(run)) or required_path("TFRecordPath")


def given_records() -> Path | None:
    """--TFRecordPath if it was given; None: the records are where the run says. Raises UserError."""
    return required_path("TFRecordPath") if FLAGS["TFRecordPath"].present else None


def named_run() -> Path | None:
    """The run's folder if --run_dir or --name names it, else None. Raises UserError."""
    from tfgan_series import runs

    return runs.given_folder(path("run_dir"), FLAGS.name)


def run_folder(draws_from: str | None = None) -> Path:
    """The trained run that the flags name. draws_from: what its model must draw from, "noise" or "pictures"; None: either.

    Raises UserError if there is no run, if its model draws from something else, and if it is named by --run_dir or --name and a
    given setting differs from the run's.
    """
    from tfgan_series import runs

    named = named_run()
    folder = named or runs.default_folder(experiment(), required_path("TFRecordPath"))
    if named is None and not (folder / runs.EXPERIMENT).is_file():
        asked = {"image_type": experiment().image_type} if FLAGS.ImageType != series.DEFAULT_IMAGE_TYPE else {}
        words = [naming.quoted(series.flag_line(name, value)) for name, value in (asked | given_settings()).items()]
        if FLAGS["TFRecordPath"].present:
            words.append(f"--TFRecordPath={naming.quoted(FLAGS.TFRecordPath)}")
        offered = [one for one in series.drawing_from(draws_from) if FLAGS.model in (None, one)]
        raise UserError(runs.no_run(folder, " ".join([invocation.command("train"), *words]), offered))
    has = series.values(runs.read_experiment(folder, draws_from))
    other = [
        f"--{series.flag_name(name)} is {has.get(name, 'not a setting')} in the run"
        for name, value in given_settings().items()
        if named and has.get(name) != value
    ]
    if other:
        raise UserError(f"{folder} does not match the flags: {', '.join(other)}; name another run, or leave the flag out")
    return folder


def refuse_run_beside(flag: str) -> None:
    """Raises UserError if a run or a setting is given together with a flag that already says what to work on."""
    if FLAGS.run_dir or FLAGS.name or given_settings():
        raise UserError(f"--{flag} names the {flag}: leave --run_dir, --name and the settings out")


@contextlib.contextmanager
def stopping() -> Iterator[None]:
    """A context for training. After Ctrl-C or SIGTERM the run is saved, and the command ends with a line and the shell's usual
    exit status."""
    from tfgan_series.training import loop

    try:
        yield
    except loop.Interrupted as stop:
        print(f"\nStopped and saved in {stop}. To go on, type {invocation.same_command()}.")
        sys.exit(128 + stop.number)


def path(flag: str) -> Path | None:
    """A path flag's value, or None if it was not given. Raises UserError if it is empty, as from an unset shell variable."""
    text = FLAGS[flag].value
    if text == "":
        raise UserError(f"--{flag}= names nothing: give a path, or leave the flag out")
    return None if text is None else home(text)


def required_path(flag: str) -> Path:
    """The value of a path flag that a command cannot do without. Raises UserError if it is empty or not given."""
    found = path(flag)
    if found is None:
        raise UserError(f"--{flag} is needed: give a path")
    return found


def folder(flag: str) -> Path | None:
    """The value of a path flag for a folder to write into, or None. Raises UserError as path, and if it is a file."""
    found = path(flag)
    if found and found.is_file():
        raise UserError(f"--{flag}={found} is a file: give a folder")
    return found


def home(text: str) -> Path:
    """A path with ~ for the home folder: the shell leaves --flag=~/x as it is. Raises UserError for an unknown user, and for
    characters that the system's locale cannot write."""
    try:
        path = Path(text).expanduser()
        os.fsencode(path)
        return path
    except RuntimeError as error:
        raise UserError(f"{text}: there is no such user") from error
    except UnicodeEncodeError as error:
        raise UserError(f"{text}: this locale cannot write such a name ({error.encoding}): set PYTHONUTF8=1") from error


def run(command: ModuleType) -> None:
    """Define the command's flags, parse them and call main(). An error that the user can correct becomes one line and a
    non-zero exit status.

    A command that does several things lists them in WORDS. The user types one of them before the flags, and main gets it. A
    command whose settings only find a run says FINDS_A_RUN = True: its help shows those settings alone that name a run.
    """
    define(command)
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # a file's name may not be UTF-8
    try:
        try:
            app.run(functools.partial(_call, command), flags_parser=functools.partial(_parse, command))
        finally:
            sys.stdout.flush()
    except OSError as error:  # as of `train.py | head -1`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes once more when it ends
        broken = isinstance(error, BrokenPipeError)
        _fail(
            f"its output cannot be written ({error.strerror}); to go on, type {invocation.same_command()}",
            _BROKEN if broken else 1,
        )


def _parse(command: ModuleType, argv: list[str]) -> list[str]:
    """Parse the flags. Returns the other words. For --help it prints the help, and ends the process."""
    try:
        argv = _with_flag_files(argv)
    except UserError as error:
        _fail(str(error))
    if not set(_HELP).isdisjoint(argv):
        print(_help(command, [word for word in argv if word not in _HELP]))
        sys.exit(0)
    try:
        return FLAGS(argv)
    except flags.Error as error:
        _fail(f"{plain(str(error))}; --help tells more")


def _call(command: ModuleType, argv: list[str]) -> None:
    """Call main() with the word that the command wants, if any. argv: what _parse returns."""
    words = getattr(command, "WORDS", ())
    typed, more = argv[1 : 1 + bool(words)], argv[1 + bool(words) :]
    if words and not (typed and typed[0] in words):
        instead = f", and not {typed[0]!r}{nearest(typed[0], words)}" if typed else ""
        _fail(f"say what to do, {' or '.join(words)}{instead}; see --help")
    if more:
        _fail(f"{more[0]!r} is no flag; every argument{' after the first' if words else ''} begins with --, see --help")
    try:
        command.main(*typed)
    except BrokenPipeError:
        raise
    except (UserError, OSError) as error:  # OSError: for example a full disk; its text names the file
        _fail(str(error))
    except Exception as error:
        full = isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError"  # TensorFlow's
        if not full:
            raise
        _fail(f"out of memory ({reason_of(error)}): ask for less at once, or stop other programs")


def _with_flag_files(argv: Iterable[str], reading: tuple[Path, ...] = ()) -> list[str]:
    """argv with the flags of each --flagfile in its place. absl would read the file in the locale's encoding; ours are in UTF-8.

    reading: the files whose flags argv has. Raises UserError for a file that cannot be read, or that names itself.
    """
    words, found = iter(argv), []
    for word in words:
        name, equals, file = word.partition("=")
        if name not in ("--flagfile", "-flagfile"):
            found.append(word)
            continue
        file = file if equals else next(words, "")
        if not file:
            raise UserError("--flagfile= names nothing: give a path, or leave the flag out")
        path = home(file)
        try:
            if path in reading:
                raise ValueError("it names itself")
            lines = path.read_text(encoding="utf-8-sig").splitlines()  # an editor of Windows may mark its encoding
        except (OSError, ValueError) as error:
            wanted = "give a file in UTF-8 with a flag in each line"
            raise UserError(f"--flagfile={path} cannot be read ({reason_of(error)}): {wanted}") from error
        flags_of_file = [line.strip() for line in lines if line.strip() and not line.startswith(("#", "//"))]
        found += _with_flag_files(flags_of_file, (*reading, path))
    return found


def _help(command: ModuleType, argv: list[str]) -> str:
    """The command's help, with the defaults of the ImageType, model and preset in argv. A command may have a function `base`: the
    settings that its own flags give, {name: value}."""
    with contextlib.suppress(flags.Error):  # as for a flag that must be given; what comes before the error is known
        FLAGS(argv)
    FLAGS.mark_as_parsed()
    named = {"image_type": "ImageType", "model": "model", "preset": "preset"}
    asked = {name: FLAGS[flag].value for name, flag in named.items() if flag in FLAGS and FLAGS[flag].present}
    usual = {"image_type": FLAGS.ImageType}
    if asked.get("model"):
        usual = {"image_type": next(kind for kind, one in series.pairs() if one == asked["model"])}
    try:
        experiment = series.resolve(**usual | getattr(command, "base", dict)() | asked)
    except UserError as error:
        _fail(str(error))
    return usage.text(command, groups(), experiment)


def groups() -> dict[str, str]:
    """The flags that the command has defined, {flag: its group in --help}."""
    modules = FLAGS.flags_by_module_dict()
    ours = [flag.name for module in modules if module.startswith("tfgan_series.") for flag in modules[module]]
    return _groups | {flag: usage.OWN for flag in ours if flag not in _groups}


def plain(text: str) -> str:
    """absl's error in our words: in its own, it quotes Python's."""
    for theirs, ours in (
        (r"invalid literal for int\(\) with base 10: ('.*')", r"a whole number is needed, and not \1"),
        (r"could not convert string to float: ('.*')", r"a number is needed, and not \1"),
        (r"\. Did you mean: (.*) \?", r" (did you mean \1?)"),
    ):
        text = re.sub(theirs, ours, text)
    return text


def _fail(line: str, status: int = 1) -> NoReturn:
    print(f"{os.path.basename(sys.argv[0])}: {line}", file=sys.stderr)
    sys.exit(status)
