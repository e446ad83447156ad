"""Takes a trained generator to other runtimes: ONNX, LiteRT and SavedModel files, with a card that describes them.

tfgan export --ImageType=mnist                     # into runs/dcgan/mnist-64/exported
tfgan export --run_dir=RUN --formats=onnx,litert   # fewer formats
tfgan export --run_dir=RUN --size=256              # of a CycleGAN, for pictures of one size alone
tfgan export --generator=FILE.keras --out=FOLDER
"""

from absl import flags

from tfgan_series import backend
from tfgan_series.commands import command_line
from tfgan_series.commands.command_line import FLAGS
from tfgan_series.export.formats import FORMATS

FINDS_A_RUN = True


def define() -> None:
    command_line.define_settings()
    command_line.define_run("the run whose generators are exported")
    command_line.define_records()
    command_line.define_path("generator", None, "a .keras file to export instead of a run's generators (default: the run's)")
    command_line.define_path(
        "out", None, "folder for the files; an earlier export in it is replaced (default: exported/ beside the generator)"
    )
    flags.DEFINE_list("formats", list(FORMATS), "what to write; comma-separated")
    flags.DEFINE_integer(
        "size", None, "width and height of the pictures that the files of a CycleGAN take (default: any size)", lower_bound=1
    )


def main() -> None:
    from tfgan_series import runs, series

    if FLAGS.generator:
        command_line.refuse_run_beside("generator")
    file = command_line.path("generator")
    if file:
        generators = [runs.generator_file(file)]
    else:
        run = command_line.run_folder()
        generators = [run / runs.saved_name(name) for name in series.MODELS[runs.read_experiment(run).model].saved]
    backend.import_tensorflow(use_gpus=False)
    from tfgan_series.export import card, export

    out = command_line.path("out") or generators[0].parent / runs.EXPORTED
    for one in export.export(generators, out, formats=FLAGS.formats, size=FLAGS.size):
        print(f"{one.path}: {one.size / 1e6:,.1f} MB, differs from Keras by {one.difference:.2g} at most")
    print(f"{out / card.NAME} describes them")
