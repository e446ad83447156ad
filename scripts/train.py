"""TFRecords -> a trained GAN, and a grid of pictures for every epoch.

    python scripts/train.py                          # bundled digits, minutes on a laptop
    python scripts/train.py --ImageType=mnist        # the article's DCGAN
    python scripts/train.py --ImageType=celeba       # after make_tfrecord.py

The same command goes on where a stopped run was.
"""

import command_line

flags, FLAGS = command_line.flags, command_line.FLAGS

command_line.define_settings()
command_line.define_records()
command_line.define_run("where the run is written")
flags.adopt_module_key_flags(command_line)
flags.DEFINE_bool("overwrite", False, "start the run over")
flags.DEFINE_bool("dry_run", False, "print the experiment, parameter counts and sizes, and stop")


def main():
    experiment = command_line.experiment()
    command_line.import_tensorflow()
    from tfgan_series import workflow

    places = {"tfrecord_path": command_line.path("TFRecordPath"), "run_dir": command_line.path("run_dir")}
    if FLAGS.dry_run:
        print("\n".join(workflow.describe(experiment, **places)))
        return
    with command_line.stopping():
        workflow.train(experiment, overwrite=FLAGS.overwrite, **places)


if __name__ == "__main__":
    command_line.run(main)
