"""Shows what a trained run has learned: walks, sums and nearest neighbours, in RUN/explored.

tfgan generate --count=64 --numbered     # a contact sheet: samples and their numbers
tfgan explore interpolate --samples=3,10,14
tfgan explore arithmetic --plus=11,35,45 --minus=12,38,44 --plus=21,22,59
tfgan explore arithmetic --ImageType=celeba --equation="Eyeglasses & Male - !Eyeglasses & Male + !Eyeglasses & !Male"
tfgan explore neighbours --ImageType=mnist
tfgan explore interpolate --model=cdcgan --label=3,7 --samples=5     # from 3 to 7, with the z of sample 5
"""

import itertools
from typing import Any

from absl import flags

from tfgan_series import backend, invocation
from tfgan_series.commands import command_line
from tfgan_series.commands.command_line import FLAGS
from tfgan_series.errors import UserError, printable
from tfgan_series.exploration import FIRST, SAMPLED, STEPS

FINDS_A_RUN = True
# The command's first argument -> the flags that belong to it.
WORDS = {
    "interpolate": {"samples", "linear", "walk_steps"},
    "arithmetic": {"plus", "minus", "equation", "sampled"},
    "neighbours": {"samples"},
}
_order = itertools.count()


class _Term(command_line.WholeNumbers):
    """The numbers of a group, with its sign and its place among the groups of both signs."""

    def __init__(self, sign: int) -> None:
        super().__init__()
        self._sign = sign

    def parse(self, argument: str) -> tuple[int, int, tuple[int, ...]]:
        return next(_order), self._sign, super().parse(argument)


def define() -> None:
    command_line.define_settings(draws_from="noise", own=["seed"])
    command_line.define_run("the run to explore")
    command_line.define_records()
    command_line.define_path("out", None, "folder for what is found (default: explored/ in the run)")
    flags.DEFINE_integer("seed", 0, f"seed of the samples, as in {invocation.command('generate')}", **command_line.SEEDS)
    command_line.define_whole_numbers(
        "samples",
        f"interpolate, neighbours: numbers of samples, as {invocation.command('generate')} --numbered shows them "
        "(default: the first 6)",
    )
    command_line.define_label(
        "what to draw, one label; interpolate: with several labels a walk goes from label to label at one z"
    )
    flags.DEFINE_bool("linear", False, "interpolate: walk on the straight line instead of the sphere")
    flags.DEFINE_integer("walk_steps", STEPS, "interpolate: pictures from one sample to the next", lower_bound=2)
    define_multi: Any = flags.DEFINE_multi  # its types want a serializer, which it does not need
    define_multi(_Term(1), None, "plus", None, "arithmetic: numbers of samples whose mean is added, as 3,17,40")
    define_multi(_Term(-1), None, "minus", None, "arithmetic: numbers of samples whose mean is subtracted")
    flags.DEFINE_string(
        "equation", None, "arithmetic: a sum of attributes with + and -, ! for not and & for and, as 'Male & Smiling - Male'"
    )
    flags.DEFINE_integer(
        "sampled",
        SAMPLED,
        "arithmetic: number of samples in which --equation looks for its groups",
        lower_bound=1,
        upper_bound=100_000,
    )


def main(what: str) -> None:
    for name in sorted(set().union(*WORDS.values()) - WORDS[what]):
        if FLAGS[name].present:
            raise UserError(f"--{name} is for {' and '.join(word for word in WORDS if name in WORDS[word])}: leave it out")
    terms = sorted((FLAGS.plus or []) + (FLAGS.minus or []))
    if what == "arithmetic" and bool(terms) == (FLAGS.equation is not None):
        raise UserError(
            "say what to add in one of two ways: numbers of samples, as --plus=11,35,45 --minus=12,38,44 --plus=21,22,59, or "
            "attributes, as --equation='Male & Smiling - Male'"
        )
    if terms and FLAGS["sampled"].present:
        raise UserError("--sampled is for --equation: leave it out")
    if FLAGS.equation is not None:
        from tfgan_series.exploration import equation

        equation.parse(FLAGS.equation)  # a wrong equation is refused before TensorFlow is imported
    run = command_line.run_folder("noise")
    backend.import_tensorflow()
    from tfgan_series import report, runs
    from tfgan_series.exploration import explore

    out = command_line.folder("out") or run / runs.EXPLORED
    numbers = FLAGS.samples or (FIRST if len(FLAGS.label) < 2 else FIRST[:1])
    records = command_line.given_records()
    drawn: dict[str, Any] = {"labels": FLAGS.label, "seed": FLAGS.seed}
    if what == "interpolate":
        found = explore.interpolate(run, numbers, out=out, spherical=not FLAGS.linear, steps=FLAGS.walk_steps, **drawn)
    elif what == "neighbours":
        found = explore.find_neighbours(run, numbers, out=out, tfrecord_path=records, **drawn)
    elif terms:
        found = explore.add_samples(run, [term[1:] for term in terms], out=out, **drawn)
    else:
        found = explore.add_attributes(run, FLAGS.equation, out=out, count=FLAGS.sampled, tfrecord_path=records, **drawn)
    print(printable(found.text))
    print(f"In {', '.join(str(out / name) for name in found.pictures)}")
    if FLAGS.out is None:  # the page shows the run's own folder alone
        report.refresh(run)
