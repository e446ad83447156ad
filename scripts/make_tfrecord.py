"""Pictures -> TFRecords, ready for training.

python scripts/make_tfrecord.py                                                 # bundled digits
python scripts/make_tfrecord.py --ImageType=mnist                               # fetched
python scripts/make_tfrecord.py --ImageType=celeba --DatasetPath=FOLDER         # faces, cut out by their boxes
python scripts/make_tfrecord.py --ImageType=folder --DatasetPath=FOLDER         # your own pictures
"""

import command_line

flags, FLAGS = command_line.flags, command_line.FLAGS

command_line.define_settings("bbox", "image_size", "channels", "fit")
command_line.define_records()
flags.adopt_module_key_flags(command_line)
flags.DEFINE_string("DatasetPath", None, "folder of the source's files (default: none; what is bundled or fetched needs none)")
flags.DEFINE_enum(
    "store",
    None,
    command_line.series.STORES,
    "keep pictures resized as raw pixels, or the encoded originals to resize later (default: pixels, horse2zebra source)",
)
flags.DEFINE_bool("overwrite", False, "make finished records again")


def main():
    experiment = command_line.experiment()
    command_line.import_tensorflow()
    from tfgan_series.data import conversion

    conversion.convert(
        experiment,
        dataset_path=command_line.path("DatasetPath"),
        tfrecord_path=command_line.path("TFRecordPath"),
        store=FLAGS.store,
        overwrite=FLAGS.overwrite,
    )


if __name__ == "__main__":
    command_line.run(main)
