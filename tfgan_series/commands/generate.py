"""Draws new pictures with a trained run.

tfgan generate                                         # 16 pictures of the demo, runs/dcgan/digits-32
tfgan generate --ImageType=mnist                       # 16 pictures of runs/dcgan/mnist-64
tfgan generate --run_dir=RUN --count=100 --singles     # a grid of 100, and each as a PNG
tfgan generate --count=1000 --singles --nogrid         # the PNGs alone
tfgan generate --generator=FILE.keras --seed=7
tfgan generate --count=64 --numbered                   # a contact sheet: explore takes its numbers
tfgan generate --model=cdcgan --label=7,3 --count=8    # 8 sevens and 8 threes of a conditional run
"""

from absl import flags

from tfgan_series import backend
from tfgan_series.commands import command_line
from tfgan_series.commands.command_line import FLAGS
from tfgan_series.errors import UserError

FINDS_A_RUN = True


def define() -> None:
    command_line.define_settings(draws_from="noise", own=["seed"])
    command_line.define_run("the run to draw from")
    command_line.define_records()
    command_line.define_path("generator", None, "a generator.keras to draw from instead of a run (default: the run's)")
    command_line.define_path("out", None, "folder for the pictures (default: generated/ beside the generator)")
    flags.DEFINE_integer("count", 16, "number of pictures; of a conditional run the number for each label", lower_bound=1)
    command_line.define_label("what to draw, a row for each (default: every class or attribute)")
    flags.DEFINE_integer("seed", 0, "the same seed draws the same pictures, another seed other ones", **command_line.SEEDS)
    flags.DEFINE_bool("grid", True, "save all pictures as one")
    flags.DEFINE_bool("singles", False, "save each picture as a PNG of its own")
    flags.DEFINE_bool("numbered", False, "write each picture's number on it, for explore")


def main() -> None:
    from tfgan_series import runs

    if not (FLAGS.grid or FLAGS.singles):
        raise UserError("--nogrid: give --singles too, or nothing would be drawn")
    if FLAGS.generator:
        command_line.refuse_run_beside("generator")
    file = runs.generator_file(command_line.path("generator") or command_line.run_folder("noise") / runs.GENERATOR)
    step = None if FLAGS.generator else runs.last_step(file.parent)  # before it draws: a training may go on meanwhile
    backend.import_tensorflow()
    from tfgan_series import generation

    out = command_line.folder("out") or file.parent / runs.GENERATED
    drawn = generation.generate(
        file,
        out,
        labels=FLAGS.label,
        count=FLAGS.count,
        seed=FLAGS.seed,
        grid=FLAGS.grid,
        singles=FLAGS.singles,
        numbered=FLAGS.numbered,
    )
    told = f" of {file.name} after step {step:,}" if step else ""
    print(f"Pictures{told} in {' and '.join(map(str, drawn))}")
