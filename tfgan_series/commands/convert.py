"""Makes TFRecords of pictures, ready for training.

tfgan convert                                                 # MNIST at 32 pixels
tfgan convert --ImageType=mnist                               # MNIST at 64 pixels, the article's size
tfgan convert --ImageType=celeba --DatasetPath=FOLDER         # faces, cut out by their boxes
tfgan convert --ImageType=folder --DatasetPath=FOLDER         # your own pictures
"""

from absl import flags

from tfgan_series import backend, naming
from tfgan_series.commands import command_line
from tfgan_series.commands.command_line import FLAGS
from tfgan_series.data.datasets import STORES
from tfgan_series.errors import UserError


def define() -> None:
    command_line.define_settings("bbox", "image_size", "channels", "fit")
    command_line.define_records()
    command_line.define_path(
        "DatasetPath", None, "folder of the source's files (default: none; bundled and fetched pictures need none)"
    )
    command_line.define_choice(
        "store",
        None,
        STORES,
        "keep resized pictures as raw pixels, or the encoded originals to resize later (default: pixels; for two sets, source)",
    )
    flags.DEFINE_bool("overwrite", False, "make finished records again")
    flags.DEFINE_string(
        "cluster",
        None,
        "convert on a Ray cluster: HOST:PORT of its head, or auto for one that is started on this machine (default: without Ray)",
    )


def main() -> None:
    experiment, source = command_line.experiment(), command_line.path("DatasetPath")
    if source:  # said before TensorFlow is imported
        naming.check_local(source, "--DatasetPath")
        if not source.exists():
            raise UserError(f"--DatasetPath={source}: no such folder")
    backend.import_tensorflow(use_gpus=False)
    from tfgan_series.data import conversion

    conversion.convert(
        experiment,
        dataset_path=source,
        tfrecord_path=command_line.required_path("TFRecordPath"),
        store=FLAGS.store,
        overwrite=FLAGS.overwrite,
        cluster=FLAGS.cluster,
    )
