"""What the commands share: a flag for every setting, and one line for every error."""

import contextlib
import os
import sys
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from absl import app, flags, logging

from tfgan_series import series
from tfgan_series.errors import UserError
from tfgan_series.series.settings import with_tuples

FLAGS = flags.FLAGS

_BROKEN = 141  # the shell's exit status of a command whose output nobody reads any more

_defined: list[str] = []  # settings that this command has a flag for


def define_records() -> None:
    """The flag for where records lie."""
    flags.DEFINE_string("TFRecordPath", "tfrecords", "root folder of the records, the same in every command")


def define_run(text: str) -> None:
    """The flags for a run's folder."""
    default = "runs/<model>/<ImageType>-<image_size>, and after it the preset and the settings that you change"
    flags.DEFINE_string("run_dir", None, f"{text} (default: {default})")
    flags.DEFINE_string("name", None, "a name of your own for the run: its folder is then runs/<name>")


def define_label(text: str) -> None:
    """The flag for what a conditional run is asked for."""
    how = "a class by its name or its number from 0, or attributes, as Smiling+Male; several with commas"
    flags.DEFINE_list("label", [], f"of a conditional run: {text}; {how}")


def define_settings(*names: str, draws_from: str | None = None, own: Collection[str] = ()) -> None:
    """Define a flag for each named setting, or for all of them if none is named. Its default is the row's value.

    draws_from: offer only the models that draw from this, "noise" or "pictures", and the ImageTypes they draw. own: settings
    whose names the command uses for flags of its own.
    """
    pairs = [pair for pair in series.pairs() if draws_from in (None, series.MODELS[pair[1]].draws_from)]
    kinds = list(dict.fromkeys(image_type for image_type, _ in pairs))
    models = list(dict.fromkeys(model for _, model in pairs))
    aliases = [alias for alias, kind in series.ALIASES.items() if kind in kinds]
    usual = series.DEFAULT_IMAGE_TYPE if series.DEFAULT_IMAGE_TYPE in kinds else kinds[0]
    flags.DEFINE_enum("ImageType", usual, [*kinds, *aliases], "what to draw", case_sensitive=False)
    flags.DEFINE_enum("model", None, models, "which GAN (default: the first that draws the ImageType)")
    fields = {name: field for model in models for name, field in series.fields(series.MODELS[model].settings).items()}
    _defined[:] = ["image_type", "model", *(names or [name for name in fields if name not in {"image_type", "model", *own}])]
    for name in _defined[2:]:
        _define_setting(name, fields[name], f"{fields[name].metadata['help']} (default: {_default(name, pairs)})")


def _define_setting(name: str, field: Any, text: str) -> None:
    choices, kind, flag = field.metadata["choices"], field.type, series.flag_name(name)
    if name == "preset":
        flags.DEFINE_enum(flag, None, ["article", *series.PRESETS], text)
    elif choices and kind is str:
        flags.DEFINE_enum(flag, None, choices, text, case_sensitive=False)
    elif kind is bool:
        flags.DEFINE_bool(flag, None, text)
    elif kind in (tuple[int, ...], tuple[str, ...]):
        flags.DEFINE_list(flag, None, text + "; comma-separated")
    else:
        define: Any = {int: flags.DEFINE_integer, float: flags.DEFINE_float, str: flags.DEFINE_string}[kind]
        define(flag, None, text)


def _default(name: str, pairs: list[tuple[str, str]]) -> str:
    """A setting's defaults in words: '128, digits 64, gan 64'."""
    by_pair = {pair: own[name] for pair in pairs if name in (own := series.values(series.resolve(*pair)))}
    first = [value for pair, value in by_pair.items() if pair[1] == series.default_model(pair[0])]
    usual, _ = Counter(first or by_pair.values()).most_common(1)[0]
    words = {}
    for (image_type, model), value in by_pair.items():
        default = series.default_model(image_type)
        if value == usual or (model != default and value == by_pair.get((image_type, default))):
            continue
        of_model = {other for (_, one), other in by_pair.items() if one == model}
        key = image_type if model == default else f"{model} on {image_type}"
        words[model if len(of_model) == 1 else key] = f" {series.in_words(value)}"
    return ", ".join([series.in_words(usual), *(name + value for name, value in words.items())])


def given_settings() -> dict[str, Any]:
    """The settings whose flags were given, {name: value}. Raises UserError."""
    given = {}
    for name in _defined:
        flag = FLAGS[series.flag_name(name)]
        if flag.present and flag.value is not None:
            given[name] = series.ALIASES.get(flag.value, flag.value) if name == "image_type" else flag.value
    if "lr_drops" in given:
        given["lr_drops"] = whole_numbers("lr_drops")
    return with_tuples(given)


def whole_numbers(flag: str) -> tuple[int, ...] | None:
    """The value of a flag that takes numbers with commas, or None if it was not given. Raises UserError."""
    words = FLAGS[flag].value
    return None if words is None else tuple(_whole_number(flag, word) for word in words)


def experiment() -> series.Experiment:
    """The Experiment that the flags name. Raises UserError."""
    return series.resolve(**{"image_type": FLAGS.ImageType, **given_settings()})


def named_run() -> Path | None:
    """The run's folder if --run_dir or --name names it, else None. Raises UserError."""
    from tfgan_series import runs

    if FLAGS.name is None:
        return path("run_dir")
    if FLAGS.run_dir is not None:
        raise UserError("--run_dir and --name both name the run's folder: give one of them")
    return runs.named_folder(FLAGS.name)


def run_folder(draws_from: str | None = None) -> Path:
    """The trained run that the flags name. draws_from: what its model must draw from, "noise" or "pictures"; None: either.

    Raises UserError if there is no run, if its model draws from something else, and if it is named by --run_dir or --name and a
    given setting differs from the run's.
    """
    from tfgan_series import runs

    named = named_run()
    folder = named or runs.default_folder(experiment(), required_path("TFRecordPath"))
    trained = runs.read_experiment(folder)
    if draws_from not in (None, series.MODELS[trained.model].draws_from):
        fitting = " and ".join(name for name, model in series.MODELS.items() if model.draws_from == draws_from)
        raise UserError(f"{folder} is a run of {trained.model}; this command is for {fitting}: give another --run_dir")
    has = series.values(trained)
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


def setting_values(words: str) -> tuple[str, dict[str, Any]]:
    """'noise_dim=20,50' as (the setting's name, {text: value}). Raises UserError."""
    name, _, texts = words.partition("=")
    kinds = {series.flag_name(setting): setting for setting in _defined[2:]}
    if name not in kinds or not texts:
        raise UserError(f"--vary={words}: wanted SETTING=VALUE,VALUE,... with a setting that --help lists")
    if FLAGS[name].flag_type().startswith("comma"):
        raise UserError(f"--vary={words}: its values have commas themselves, so it cannot be varied")
    try:
        return kinds[name], {text: FLAGS[name].parser.parse(text) for text in texts.split(",")}
    except ValueError as error:
        raise UserError(f"--vary={words}: {' '.join(map(str, error.args))}") from error


@contextlib.contextmanager
def stopping() -> Iterator[None]:
    """A context for training. After Ctrl-C or SIGTERM the run is saved, and the command ends with a line and the shell's usual
    exit status."""
    from tfgan_series.training import loop

    try:
        yield
    except loop.Interrupted as stop:
        overwrite = ", without --overwrite" if "overwrite" in FLAGS and FLAGS.overwrite else ""
        print(f"\nStopped and saved in {stop}. To go on, type the same command again{overwrite}.")
        sys.exit(128 + stop.number)


def _whole_number(flag: str, word: str) -> int:
    try:
        return int(word)
    except ValueError:
        raise UserError(f"--{flag}: {word!r} is no whole number") from None


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


def home(text: str) -> Path:
    """A path with ~ for the home folder: the shell leaves --flag=~/x as it is. Raises UserError for an unknown user."""
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise UserError(f"{text}: there is no such user") from error


def run(command: ModuleType) -> None:
    """Define the command's flags, parse them and call main(). An error that the user can correct becomes one line and a
    non-zero exit status.

    A command that does several things lists them in WORDS. The user types one of them before the flags, and main gets it.
    """
    command.define()
    for name, defined in FLAGS.flags_by_module_dict().items():
        if name.startswith("tfgan_series."):
            for flag in defined:
                FLAGS.register_key_flag_for_module(sys.argv[0], flag)  # --help shows these
    sys.modules["__main__"].__doc__ = command.__doc__  # --help begins with it
    words = getattr(command, "WORDS", ())
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # a file's name may not be UTF-8

    def guarded(argv: list[str]) -> None:
        typed, more = argv[1 : 1 + bool(words)], argv[1 + bool(words) :]
        if words and not (typed and typed[0] in words):
            _fail(f"say what to do, {' or '.join(words)}{f', and not {typed[0]!r}' if typed else ''}; see --help")
        if more:
            _fail(f"{more[0]!r} is no flag; every argument{' after the first' if words else ''} begins with --, see --help")
        backend = os.environ.setdefault("KERAS_BACKEND", "tensorflow")
        if backend != "tensorflow":
            _fail(f"KERAS_BACKEND={backend}: this package trains with TensorFlow; unset it")
        try:
            command.main(*typed)
        except BrokenPipeError:
            raise
        except (UserError, OSError) as error:  # OSError: for example a full disk; its text names the file
            _fail(str(error))

    try:
        try:
            app.run(guarded, flags_parser=_parse)
        finally:
            sys.stdout.flush()
    except OSError as error:  # as of `train.py | head -1`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes once more when it ends
        broken = isinstance(error, BrokenPipeError)
        _fail(f"its output cannot be written ({error.strerror}); to go on, type the same command again", _BROKEN if broken else 1)


def _parse(argv: list[str]) -> list[str]:
    try:
        return FLAGS(argv)
    except flags.Error as error:
        _fail(f"{error}; --help tells more")


def import_tensorflow(use_gpus: bool = True) -> None:
    """Import TensorFlow without its many log messages, and leave GPU memory for other processes.

    If TF_CPP_MIN_LOG_LEVEL is set (0: everything), the messages are shown. use_gpus: whether the command computes on GPUs.
    """
    if "TF_CPP_MIN_LOG_LEVEL" not in os.environ:
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
        logging.set_verbosity(logging.ERROR)  # TFDS, which reports every file it opens
        _import_quietly()
    import tensorflow as tf

    from tfgan_series.training import devices

    if use_gpus:
        devices.share_gpus()
    else:
        tf.config.set_visible_devices([], "GPU")


def _import_quietly() -> None:
    """Import TensorFlow with standard error closed, because the import ignores the log level (TensorFlow's issue 100442)."""
    stderr = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        import tensorflow  # noqa: F401
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)


def _fail(line: str, status: int = 1) -> NoReturn:
    print(f"{os.path.basename(sys.argv[0])}: {line}", file=sys.stderr)
    sys.exit(status)
