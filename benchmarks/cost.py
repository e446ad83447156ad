"""What does a DCGAN's training step cost, against the width of its networks and the size of its pictures?

    python benchmarks/cost.py                                   # four widths at 64 pixels, and four sizes at width 32
    python benchmarks/cost.py --widths=16,32 --sizes=32,64

Each width and size is measured in its own process (on Linux): the median time of a step on random pictures, divided by the
pictures in it, and the most memory that the process has taken. The last lines fit time ~ width^a and time ~ size^b through these
points. The number of pictures is not varied: an epoch has as many steps as it has batches, so its cost is proportional to it.
"""

import argparse
import resource
import statistics

import numpy as np
import step
import turns

from tfgan_series import series
from tfgan_series.training import devices

WIDTH, SIZE = 32, 64  # while the other one varies


def measure(settings: dict[str, int | str], rounds: int) -> None:
    """Print the milliseconds of a step for each picture, and the most MB that this process has taken."""
    experiment = devices.resolve_precision(series.resolve("img_celeba", **settings))
    size = experiment.image_size
    real = np.random.default_rng(0).uniform(-1, 1, [experiment.batch_size, size, size, 3]).astype(np.float32)
    seconds = turns.in_turn(turns.working({"": lambda: step.training(experiment, [real])}), 1, rounds)[""]
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(statistics.median(seconds) / experiment.batch_size * 1000, most / 1e6)


def exponent(points: dict[int, float]) -> float:
    """The b of the line log y = a + b log x through the points {x: y}, by least squares."""
    return float(np.polyfit(np.log(list(points)), np.log(list(points.values())), 1)[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--widths", type=_numbers, default=(16, 32, 64, 128))
    parser.add_argument("--sizes", type=_numbers, default=(16, 32, 64, 128))
    parser.add_argument("--batch_size", type=int, default=64)
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--rounds", type=int, default=7, help="steps that are timed")
    parser.add_argument("--of", nargs="*", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.of:
        settings = {name: int(value) if value.isdigit() else value for name, value in (one.split("=") for one in arguments.of)}
        measure(settings, arguments.rounds)
        return
    print(f"{turns.processor()}; batches of {arguments.batch_size}, precision {arguments.precision}\n")
    turns.table("width", "pixels", "ms a picture", "pictures/s", "MB")
    seen: dict[tuple[int, int], float] = {}
    cells = [(width, SIZE) for width in arguments.widths] + [(WIDTH, size) for size in arguments.sizes]
    for width, size in dict.fromkeys(cells):
        settings = [f"base_filters={width}", f"image_size={size}", f"batch_size={arguments.batch_size}"]
        settings.append(f"precision={arguments.precision}")
        milliseconds, megabytes = turns.alone(__file__, f"--rounds={arguments.rounds}", "--of", *settings)
        turns.row(str(width), str(size), f"{milliseconds:.2f}", f"{1000 / milliseconds:,.0f}", f"{megabytes:,.0f}")
        seen[width, size] = milliseconds
    widths = {width: seen[width, SIZE] for width in arguments.widths}
    sizes = {size: seen[WIDTH, size] for size in arguments.sizes}
    print(f"\ntime ~ width^{exponent(widths):.2f} at {SIZE} pixels; time ~ size^{exponent(sizes):.2f} at width {WIDTH}")


def _numbers(words: str) -> tuple[int, ...]:
    return tuple(map(int, words.split(",")))


if __name__ == "__main__":
    main()
