"""Trains a GAN on TFRecords, and draws a grid of pictures for every epoch.

    tfgan train                          # MNIST at 32 pixels, minutes on a laptop
    tfgan train --ImageType=mnist        # the article's DCGAN on MNIST
    tfgan train --ImageType=celeba       # after convert

If a run was stopped, the same command goes on with it; `--name=NAME` or `--run_dir=RUN` alone does so too. With --overwrite
it starts over.
"""

from absl import flags

from tfgan_series import backend
from tfgan_series.commands import command_line
from tfgan_series.commands.command_line import FLAGS


def define() -> None:
    command_line.define_settings()
    command_line.define_records()
    command_line.define_run("where the run is written")
    flags.DEFINE_bool("overwrite", False, "start the run over")
    flags.DEFINE_bool("dry_run", False, "print the experiment, parameter counts and sizes, and stop")


def main() -> None:
    run_dir = command_line.named_run()
    records, experiment = command_line.records_path(run_dir), command_line.experiment(run_dir)
    backend.import_tensorflow()
    from tfgan_series import preparation, workflow

    if FLAGS.dry_run:
        print("\n".join(preparation.describe(experiment, tfrecord_path=records, run_dir=run_dir, overwrite=FLAGS.overwrite)))
        return
    with command_line.stopping():
        workflow.train(experiment, tfrecord_path=records, run_dir=run_dir, overwrite=FLAGS.overwrite)
