"""Translates your pictures with a trained CycleGAN, under the same names.

python scripts/translate.py --input=FOLDER                     # horses to zebras, by runs/cyclegan/horse2zebra-256
python scripts/translate.py --input=ZEBRA.jpg --direction=ba   # and back
python scripts/translate.py --run_dir=RUN --input=FOLDER --out=WHERE
"""

from absl import flags

from tfgan_series.commands import command_line
from tfgan_series.commands.command_line import FLAGS


def define() -> None:
    command_line.define_settings("partition", "image_size", draws_from="pictures")
    command_line.define_run("the run to translate with")
    flags.DEFINE_string("input", None, "a picture, or a folder of pictures, of any size", required=True)
    flags.DEFINE_enum("direction", "ab", ["ab", "ba"], "from A to B (horse to zebra), or from B to A")
    flags.DEFINE_string("out", None, "folder for the pictures (default: translated/<direction>/ in the run)")
    flags.DEFINE_integer("batch_size", 1, "pictures of one size to translate at a time", lower_bound=1)


def main() -> None:
    from tfgan_series import report, runs

    run = command_line.run_folder("pictures")
    command_line.import_tensorflow()
    from tfgan_series import translation

    out = command_line.path("out") or run / runs.TRANSLATED / FLAGS.direction
    rejected = translation.translate_files(
        run,
        command_line.required_path("input"),
        out,
        direction=FLAGS.direction,
        batch_size=FLAGS.batch_size,
    )
    for name, reason in rejected:
        print(f"{name} was skipped: {reason}")
    print(f"Translated into {out}")
    if FLAGS.out is None:  # the page shows the run's own folder alone
        report.refresh(run)
