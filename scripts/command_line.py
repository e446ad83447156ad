"""What the commands share: flags for every setting of the table, and one line for whatever goes wrong."""

import contextlib
import os
import signal
import sys
from collections import Counter
from pathlib import Path

try:
    from absl import app, flags, logging

    from tfgan_series import series
    from tfgan_series.errors import UserError
except ImportError as error:
    sys.exit(f"{error}: type 'make install' and then 'source .venv/bin/activate' (README.md, Set up, has the pip lines)")

FLAGS = flags.FLAGS

_defined = []  # settings that this command has a flag for


def define_records():
    """The flag for where records lie."""
    flags.DEFINE_string("TFRecordPath", "tfrecords", "root folder of the records, the same in every command")


def define_run(text):
    """The flag for a run's folder."""
    flags.DEFINE_string("run_dir", None, f"{text} (default: runs/<model>/<records folder>-<image_size>)")


def define_settings(*names):
    """A flag for each named setting of the table (all where none is named); its default is the row's."""
    fields = {name: field for row in series.ROWS.values() for name, field in series.settings(row).items()}
    kinds = [*series.image_types(), *series.ALIASES]
    flags.DEFINE_enum("ImageType", series.DEFAULT_IMAGE_TYPE, kinds, "what to draw", case_sensitive=False)
    flags.DEFINE_enum("model", None, series.models(), "which GAN (default: the first that draws the ImageType)")
    _defined[:] = ["image_type", "model", *(names or [name for name in fields if name not in ("image_type", "model")])]
    for name in _defined[2:]:
        field = fields[name]
        text = f"{field.metadata['help']} (default: {_default(name)})"
        choices, kind = field.metadata["choices"], field.type
        flag = series.flag_name(name)
        if name == "preset":
            flags.DEFINE_enum(flag, None, ["article", *series.PRESETS], text)
        elif choices and kind is str:
            flags.DEFINE_enum(flag, None, choices, text, case_sensitive=False)
        elif kind is bool or kind == bool | None:
            flags.DEFINE_bool(flag, None, text)
        elif kind == tuple[int, ...]:
            flags.DEFINE_list(flag, None, text + "; comma-separated")
        else:
            {int: flags.DEFINE_integer, float: flags.DEFINE_float, str: flags.DEFINE_string}[kind](flag, None, text)


def _default(name):
    """The rows' defaults of a setting in words: '64, digits 32'."""
    rows = {key: series.values(row)[name] for key, row in series.ROWS.items() if name in series.values(row)}
    usual, _ = Counter(rows.values()).most_common(1)[0]
    other = [f"{_row_words(*row)} {series.in_words(value)}" for row, value in rows.items() if value != usual]
    return ", ".join([series.in_words(usual), *other])


def _row_words(image_type, model):
    return image_type if model == series.resolve(image_type).model else f"{model} on {image_type}"


def given_settings():
    """The settings whose flags were given, {name: value}."""
    given = {}
    for name in _defined:
        flag = FLAGS[series.flag_name(name)]
        if flag.present and flag.value is not None:
            given[name] = series.ALIASES.get(flag.value, flag.value) if name == "image_type" else flag.value
    if "lr_drops" in given:
        given["lr_drops"] = tuple(_whole_number("lr_drops", word) for word in given["lr_drops"])
    return given


def experiment():
    """The Experiment that the flags name. Raises UserError."""
    return series.resolve(**{"image_type": FLAGS.ImageType, **given_settings()})


def run_folder(*models):
    """The trained run that the flags name, of one of these models (none: any). Raises UserError where there is no run, it is
    of another model, or a flag given is not the run's."""
    from tfgan_series import runs

    folder = path("run_dir") or runs.default_folder(experiment())
    trained, _ = runs.read_experiment(folder)
    if models and trained.model not in models:
        raise UserError(
            f"{folder} is a run of {trained.model}; this command is for {' and '.join(models)}: give another --run_dir"
        )
    has = series.values(trained)
    other = [f"--{series.flag_name(name)} is {has[name]} there" for name, value in given_settings().items() if has[name] != value]
    if other:
        raise UserError(f"{folder} is another run than the flags say: {', '.join(other)}; give --run_dir, or leave the flag out")
    return folder


def refuse_run_beside(flag):
    """Raises UserError where --run_dir or a setting is given beside a flag that says by itself what to work on."""
    if FLAGS.run_dir or given_settings():
        raise UserError(f"--{flag} names the {flag}: leave --run_dir and the settings out")


def setting_values(words):
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
def stopping():
    """Around training: Ctrl-C and SIGTERM end the command, saved, with a line and the shell's usual exit status."""
    from tfgan_series.training import loop

    try:
        yield
    except loop.Interrupted as stop:
        overwrite = ", without --overwrite" if "overwrite" in FLAGS and FLAGS.overwrite else ""
        print(f"\nStopped and saved in {stop}. The same command goes on{overwrite}.")
        sys.exit(128 + stop.number)


def _whole_number(flag, word):
    try:
        return int(word)
    except ValueError:
        raise UserError(f"--{flag}: {word!r} is no whole number") from None


def path(flag):
    """A path flag's value, or None where it was not given. Raises UserError where it is empty, as an unset variable leaves it."""
    text = FLAGS[flag].value
    if text == "":
        raise UserError(f"--{flag}= names nothing: give a path, or leave the flag out")
    return None if text is None else home(text)


def home(text):
    """A path with ~ for the home folder: the shell leaves --flag=~/x as it is."""
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise UserError(f"{text}: there is no such user to have a home folder") from error


def run(main, words=()):
    """Parse the flags, call main(), and turn what the user can mend into one line and a non-zero exit status.

    words: what can be done, where a command does several things; one of them is typed before or among the flags, and
    main is called with it.
    """

    sys.stdout.reconfigure(errors="backslashreplace")  # a file's name can hold bytes that are no UTF-8

    def guarded(argv):
        typed, more = argv[1 : 1 + bool(words)], argv[1 + bool(words) :]
        if words and not (typed and typed[0] in words):
            _fail(f"say what to do, {' or '.join(words)}{f', and not {typed[0]!r}' if typed else ''}; see --help")
        if more:
            _fail(f"{more[0]!r} is no flag; every argument{' but one' if words else ''} begins with --, see --help")
        backend = os.environ.setdefault("KERAS_BACKEND", "tensorflow")
        if backend != "tensorflow":
            _fail(f"KERAS_BACKEND={backend}: this package trains with TensorFlow; unset it")
        try:
            main(*typed)
        except (UserError, OSError) as error:  # OSError: a full disk, say; its text names the file
            _fail(str(error))
        except KeyboardInterrupt:
            _fail("stopped; the same command goes on", 128 + signal.SIGINT)

    app.run(guarded, flags_parser=_parse)


def _parse(argv):
    try:
        return FLAGS(argv)
    except flags.Error as error:
        _fail(f"{error}; --help tells more")


def import_tensorflow():
    """Import TensorFlow without its page of remarks. Its import heeds no log level (its issue 100442), so standard
    error is closed meanwhile; with TF_CPP_MIN_LOG_LEVEL set (0: everything) the user hears it all."""
    if "TF_CPP_MIN_LOG_LEVEL" in os.environ:
        return
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    logging.set_verbosity(logging.ERROR)  # TFDS, which reports every file it opens
    stderr = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        import tensorflow  # noqa: F401
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)


def _fail(line, status=1):
    print(f"{os.path.basename(sys.argv[0])}: {line}", file=sys.stderr)
    sys.exit(status)
