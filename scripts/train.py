"""TFRecords -> a trained GAN, and a grid of pictures for every epoch.

    python scripts/train.py                          # bundled digits, minutes on a laptop
    python scripts/train.py --ImageType=mnist        # the article's DCGAN
    python scripts/train.py --ImageType=celeba       # after make_tfrecord.py

The same command goes on where a stopped run was.
"""

import shlex
import sys

from absl import flags

import command_line

FLAGS = flags.FLAGS

command_line.define_settings()
command_line.define_records()
command_line.define_run("where the run is written")
flags.adopt_module_key_flags(command_line)
flags.DEFINE_bool("overwrite", False, "start the run over")
flags.DEFINE_bool("dry_run", False, "print the experiment, parameter counts and sizes, and stop")


def main():
    experiment = command_line.experiment()

    from tfgan_series.training import loop, run

    if FLAGS.dry_run:
        print("\n".join(run.describe(experiment, tfrecord_path=FLAGS.TFRecordPath, run_dir=FLAGS.run_dir)))
        return
    try:
        run.train(experiment, tfrecord_path=FLAGS.TFRecordPath, run_dir=FLAGS.run_dir, overwrite=FLAGS.overwrite)
    except loop.Interrupted as stop:
        words = [word for word in sys.argv if word not in ("--overwrite", "--overwrite=true")]
        print(f"\nStopped and saved in {stop}. To go on: python {shlex.join(words)}")
        sys.exit(128 + stop.number)


if __name__ == "__main__":
    command_line.run(main)
