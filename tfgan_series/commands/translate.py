"""Translates your pictures with a trained CycleGAN, under the same names.

tfgan translate --input=FOLDER                     # horses to zebras, by runs/cyclegan/horse2zebra-256
tfgan translate --input=ZEBRA.jpg --direction=ba   # and back
tfgan translate --run_dir=RUN --input=FOLDER --out=WHERE
"""

from absl import flags

from tfgan_series import backend
from tfgan_series.commands import command_line
from tfgan_series.commands.command_line import FLAGS

FINDS_A_RUN = True


def define() -> None:
    command_line.define_settings(draws_from="pictures")
    command_line.define_run("the run to translate with")
    command_line.define_records()
    command_line.define_path("input", None, "a picture, or a folder of pictures, of any size (needed)")
    command_line.define_choice("direction", "ab", ["ab", "ba"], "from A to B (horse to zebra), or from B to A")
    command_line.define_path("out", None, "folder for the pictures (default: translated/<direction>/ in the run)")
    flags.DEFINE_integer("at_once", 1, "pictures of one size to translate at a time", lower_bound=1)


def main() -> None:
    from tfgan_series import report

    run, source = command_line.run_folder("pictures"), command_line.required_path("input")
    backend.import_tensorflow()
    from tfgan_series import translation

    out = translation.translate_files(
        run,
        source,
        command_line.folder("out"),
        direction=FLAGS.direction,
        batch_size=FLAGS.at_once,
    )
    print(f"Translated into {out}")
    if FLAGS.out is None:  # the page shows the run's own folder alone
        report.refresh(run)
