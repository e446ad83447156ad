"""A trained run -> what it has learned: walks, sums and nearest neighbours, in RUN/explored.

python scripts/generate.py --ImageType=mnist --count=64 --numbered     # a contact sheet: samples and their numbers
python scripts/explore.py interpolate --ImageType=mnist --samples=3,17,40
python scripts/explore.py arithmetic --ImageType=mnist --plus=3,17,40 --minus=5,8,21 --plus=2,9,33
python scripts/explore.py arithmetic --ImageType=celeba --equation="Eyeglasses & Male - !Eyeglasses & Male + !Eyeglasses & !Male"
python scripts/explore.py neighbours --ImageType=mnist
"""

import itertools

import command_line

flags, FLAGS = command_line.flags, command_line.FLAGS

_order = itertools.count()


class _Term(flags.ArgumentParser):
    """The numbers of a group, with its sign and its place among the groups of both signs."""

    def __init__(self, sign):
        self.sign = sign

    def parse(self, text):
        return next(_order), self.sign, _numbers(text)


def _numbers(text):
    """'3,17' as (3, 17). Raises ValueError."""
    try:
        return tuple(int(word) for word in text.split(","))
    except ValueError:
        raise ValueError("wanted numbers of samples, as 3,17,40; generate.py --numbered shows them") from None


class _Numbers(flags.ArgumentParser):
    def parse(self, text):
        return _numbers(text)


command_line.define_settings("partition", "bbox", "image_size")
command_line.define_run("the run to explore")
command_line.define_records()
flags.adopt_module_key_flags(command_line)
flags.DEFINE_string("out", None, "folder for what is found (default: explored/ in the run)")
flags.DEFINE_integer("seed", 0, "whose samples; they are those of generate.py --seed", lower_bound=0, upper_bound=2**32 - 1)
flags.DEFINE(_Numbers(), "samples", None, "interpolate, neighbours: numbers of samples, as 3,17,40 (default: the first 6)")
flags.DEFINE_bool("linear", False, "interpolate: on the straight line instead of the sphere")
flags.DEFINE_integer("steps", 9, "interpolate: pictures from one sample to the next", lower_bound=2)
flags.DEFINE_multi(_Term(1), None, "plus", None, "arithmetic: numbers of samples whose mean is added, as 3,17,40")
flags.DEFINE_multi(_Term(-1), None, "minus", None, "arithmetic: numbers of samples whose mean is subtracted")
flags.DEFINE_string(
    "equation", None, "arithmetic: attributes of the records with ! for not, & for and, + and -, as 'Male & Smiling - Male'"
)
flags.DEFINE_integer(
    "sampled", 4000, "arithmetic: samples among which --equation looks for its groups", lower_bound=1, upper_bound=100_000
)

_FIRST = tuple(range(1, 7))
# What one can do, and the flags that are for it alone.
_OWN = {
    "interpolate": {"samples", "linear", "steps"},
    "arithmetic": {"plus", "minus", "equation", "sampled"},
    "neighbours": {"samples"},
}


def main(what):
    for name in sorted(set().union(*_OWN.values()) - _OWN[what]):
        if FLAGS[name].present:
            raise command_line.UserError(
                f"--{name} is for {' and '.join(word for word in _OWN if name in _OWN[word])}: leave it out"
            )
    terms = sorted((FLAGS.plus or []) + (FLAGS.minus or []))
    if what == "arithmetic" and bool(terms) == (FLAGS.equation is not None):
        raise command_line.UserError("give --plus=NUMBERS and --minus=NUMBERS, or --equation=ATTRIBUTES, and not both")
    if FLAGS.equation is not None:
        from tfgan_series.exploration import equation

        equation.parse(FLAGS.equation)  # what does not parse is answered before TensorFlow is imported
    run = command_line.run_folder("gan", "dcgan")
    command_line.import_tensorflow()
    from tfgan_series import runs
    from tfgan_series.exploration import explore

    out = command_line.path("out") or run / runs.EXPLORED
    numbers, records = FLAGS.samples or _FIRST, {"tfrecord_path": command_line.path("TFRecordPath")}
    if what == "interpolate":
        found = explore.interpolate(run, out, numbers, seed=FLAGS.seed, spherical=not FLAGS.linear, steps=FLAGS.steps)
    elif what == "neighbours":
        found = explore.find_neighbours(run, out, numbers, seed=FLAGS.seed, **records)
    elif terms:
        found = explore.add_samples(run, out, [term[1:] for term in terms], seed=FLAGS.seed)
    else:
        found = explore.add_attributes(run, out, FLAGS.equation, seed=FLAGS.seed, count=FLAGS.sampled, **records)
    print(found.text)
    print(f"In {', '.join(str(out / name) for name in found.pictures)}")


if __name__ == "__main__":
    command_line.run(main, _OWN)
