"""Compares runs that differ in one thing: one figure, their scores, their losses. Missing runs are trained first.

    tfgan compare --study=optimizer                                      # the lab report: SGD or Adam?
    tfgan compare --study=tips --ImageType=mnist --epochs=5              # any flag changes all its runs
    tfgan compare --model=gan --ImageType=mnist --vary=noise_dim=20,50   # your own comparison

It says how long it will take before it starts; with --dry_run it says only this. If it was stopped, the same command goes on.
Runs that are trained already are only drawn again.
"""

import itertools
from typing import Any

from absl import flags

from tfgan_series import backend, naming, series
from tfgan_series.commands import command_line
from tfgan_series.commands.command_line import FLAGS
from tfgan_series.errors import UserError, nearest
from tfgan_series.evaluation import scores
from tfgan_series.series import studies

_IN_THE_FOLDER = ("image_type", "model", "image_size")  # settings that the name of the page's folder says


def define() -> None:
    command_line.define_settings()
    command_line.define_records()
    command_line.define_choice("study", None, list(studies.STUDIES), "a comparison of the series")
    flags.DEFINE_multi_string(
        "vary", None, "SETTING=VALUE,VALUE,...: a comparison of your own; if given twice, of every pair of values"
    )
    command_line.define_whole_numbers(
        "seeds", "train every run once with each of these seeds, as 0,1,2 (default: the study's; 0 for --vary)"
    )
    flags.DEFINE_integer("count", scores.COUNT, "pictures of each run that are measured; 0: no scores", lower_bound=0)
    command_line.define_path("out", "runs/compare", "root folder for the runs, the figure, the table and the page")
    flags.DEFINE_bool("dry_run", False, "say which runs it would train and how long that would take, and stop")


def main() -> None:
    if (FLAGS.study is None) == (FLAGS.vary is None):
        raise UserError(f"give --study={'|'.join(studies.STUDIES)} or --vary=SETTING=VALUE,VALUE, and not both")
    given = command_line.given_settings()
    study = studies.STUDIES[FLAGS.study] if FLAGS.study else _own_study()
    members = studies.members(study, FLAGS.seeds, **given)
    backend.import_tensorflow()
    from tfgan_series import comparison, runs

    same = [runs.word(name, value) for name, value in given.items() if name not in _IN_THE_FOLDER]
    seeds = [runs.word("seeds", tuple(FLAGS.seeds))] if FLAGS.seeds else []
    name = naming.as_name("-".join([FLAGS.study or "vary", *(FLAGS.vary or ()), *same, *seeds]))
    question = f"{study.question} ({', '.join(same)})" if same else study.question
    root, records = command_line.required_path("out"), command_line.required_path("TFRecordPath")
    if FLAGS.dry_run:
        print("\n".join(comparison.describe(members, root=root, tfrecord_path=records, count=FLAGS.count)))
        return
    with command_line.stopping():
        page = comparison.compare(members, name, question, root=root, tfrecord_path=records, count=FLAGS.count)
    print(page.read_text(encoding="utf-8"))
    print(f"In {page}, with {page.with_suffix('.png')}")
    if page.with_suffix(".html").is_file():  # not if every run diverged at its very start
        print(f"To see the runs side by side, open {page.with_suffix('.html')}")


def base() -> dict[str, Any]:
    """The settings that --study gives to all its runs: those that --help shows."""
    study = studies.STUDIES.get(FLAGS.study)
    return {"image_type": study.image_type, "model": study.model, **study.base} if study else {}


def _own_study() -> studies.Study:
    """The Study that --vary describes."""
    varied = [_setting_values(words) for words in FLAGS.vary]
    names = [name for name, _ in varied]
    for name in names:
        if names.count(name) > 1:
            raise UserError(f"--vary names {series.flag_name(name)} twice: give all its values in one, with commas")
    members = {}
    for choice in itertools.product(*(values.items() for _, values in varied)):
        label = ", ".join(f"{name}={text}" for name, (text, _) in zip(names, choice, strict=True))
        members[label] = {name: value for name, (_, value) in zip(names, choice, strict=True)}
    if len(members) < 2:
        raise UserError(f"--vary={FLAGS.vary[0]}: a comparison needs two values or more")
    row = series.resolve(FLAGS.ImageType, FLAGS.model)
    return studies.Study(question=" and ".join(FLAGS.vary), image_type=row.image_type, model=row.model, members=members)


def _setting_values(words: str) -> tuple[str, dict[str, Any]]:
    """'noise_dim=20,50' as (the setting's name, {text: value}). Raises UserError."""
    name, _, texts = words.partition("=")
    settings = {series.flag_name(setting): setting for setting in command_line.defined if setting not in ("image_type", "model")}
    if name not in settings or not texts:
        missing = f"; {name} needs its values" if name in settings else nearest(name, settings)
        raise UserError(f"--vary={words}: wanted SETTING=VALUE,VALUE,... with a setting that --help lists{missing}")
    if FLAGS[name].flag_type().startswith("comma"):
        raise UserError(f"--vary={words}: its values have commas themselves, so it cannot be varied")
    try:
        return settings[name], {text: FLAGS[name].parser.parse(text) for text in texts.split(",")}
    except ValueError as error:
        raise UserError(command_line.plain(f"--vary={words}: {' '.join(map(str, error.args))}")) from error
