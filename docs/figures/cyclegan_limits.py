"""docs/images/cyclegan_limits.png: which changes a CycleGAN learns well and which badly, and what the cycle loss does.

    python docs/figures/cyclegan_limits.py                        # draws the docs' figure again
    python docs/figures/cyclegan_limits.py --rows=1 --out=FILE    # the first row alone

Each row shows one small CycleGAN, to show Bai 8's warnings and its losses on drawn shapes. The numbers are means over 64 test
pictures. It takes minutes on a CPU.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from matplotlib.figure import Figure

from tfgan_series import pictures, series
from tfgan_series.series.models import CycleGAN
from tfgan_series.training import cyclegan
from tfgan_series.training.state import create_state

OUT = Path(__file__).parents[1] / "images/cyclegan_limits.png"
SIZE = 24  # pixels
STEPS = 300
SIDES = (5, 14)  # of the squares
SHOWN = (13, 6, 9)  # sides of the first test pictures
GREY, SAND, GRASS = (128, 128, 128), (205, 185, 130), (90, 165, 85)
RED, BLUE, GREEN = (230, 25, 25), (25, 25, 230), (40, 160, 60)
BYSTANDER = 5  # side of the square whose area a bystander has


@dataclass(frozen=True)
class Place:
    """The place of a shape: a square of this side around this middle, or another shape of the same area."""

    side: int
    row: float
    column: float

    def offsets(self) -> tuple[np.ndarray, np.ndarray]:
        """Rows and columns of all pixels, from the middle."""
        rows, columns = np.indices((SIZE, SIZE))
        return rows - self.row, columns - self.column


def square(place: Place) -> np.ndarray:
    """Every shape is a mask [SIZE, SIZE]."""
    rows, columns = place.offsets()
    return np.maximum(abs(rows), abs(columns)) < place.side / 2


def circle(place: Place) -> np.ndarray:
    rows, columns = place.offsets()
    return rows**2 + columns**2 < place.side**2 / np.pi


def _bar(place: Place, height: float) -> np.ndarray:
    rows, columns = place.offsets()
    return (abs(rows) < place.side * height / 2) & (abs(columns) < place.side / height / 2)


def tall(place: Place) -> np.ndarray:
    return _bar(place, 1.5)


def wide(place: Place) -> np.ndarray:
    return _bar(place, 1 / 1.5)


def corner(place: Place) -> Place:
    """The place of a bystander: the corner that is farthest from the shape at `place`."""
    low, high = BYSTANDER / 2, SIZE - 1 - BYSTANDER / 2
    row, column = (high if middle < SIZE / 2 else low for middle in (place.row, place.column))
    return Place(BYSTANDER, row, column)


@dataclass(frozen=True)
class Set:
    """Pictures of a shape on a ground; a share of them has another ground (`rare`). bystander: the colour of a small circle that
    stands beside the shape."""

    shape: Callable[[Place], np.ndarray]
    colour: tuple[int, int, int]
    ground: tuple[int, int, int] = GREY
    rare: tuple[int, int, int] = GREY
    share: float = 0.0
    bystander: tuple[int, int, int] | None = None

    def draw(self, places: Sequence[Place]) -> np.ndarray:
        """[N, SIZE, SIZE, 3] float32 in [-1, 1]. With share 0.1 every tenth picture has the rare ground."""
        every = round(1 / self.share) if self.share else len(places) + 1
        grounds = [self.rare if number % every == every - 1 else self.ground for number in range(len(places))]
        masks = [self.shape(place)[..., None] for place in places]
        drawn = [np.where(mask, self.colour, one) for mask, one in zip(masks, grounds, strict=True)]
        if self.bystander:
            beside = [circle(corner(place))[..., None] for place in places]
            drawn = [np.where(mask, self.bystander, one) for mask, one in zip(beside, drawn, strict=True)]
        return np.array(drawn, np.float32) / 127.5 - 1


@dataclass(frozen=True)
class Case:
    """A CycleGAN to train. note: the figure's text about measure's numbers. wanted: the pictures that A should become.
    tested: the test pictures, if they are not like A's."""

    title: str
    note: str
    a: Set
    b: Set
    wanted: Set
    weight: float = 10.0
    loss: str = "least_squares"
    cycle_loss: str = "l1"
    tested: Set | None = None

    @property
    def test(self) -> Set:
        """What the test pictures are like."""
        return self.tested or self.a


_SIZE_NOTE = "overlap {overlap:.2f},\nsize {sides:.1f} pixels off"
_TAKEN_NOTE = "overlap {overlap:.2f}, bystander\n{taken:.0%} of the way to blue"
RED_SQUARES, BLUE_SQUARES, RED_CIRCLES = Set(square, RED), Set(square, BLUE), Set(circle, RED)
CASES = (
    Case("red to blue", _SIZE_NOTE, RED_SQUARES, BLUE_SQUARES, BLUE_SQUARES),
    Case("the same, no cycle loss", _SIZE_NOTE, RED_SQUARES, BLUE_SQUARES, BLUE_SQUARES, weight=0.0),
    Case("square to circle", "overlap {overlap:.2f};\n{nearer:.0%} nearer to a circle", RED_SQUARES, RED_CIRCLES, RED_CIRCLES),
    Case("tall to wide", "overlap {overlap:.2f};\n{nearer:.0%} nearer to wide", Set(tall, RED), Set(wide, RED), Set(wide, RED)),
    Case(
        "red on sand to blue,\nmostly on grass", "overlap {overlap:.2f}, ground\n{way:.0%} of the way to grass",
        Set(square, RED, SAND), Set(square, BLUE, GRASS, SAND, 0.1), Set(square, BLUE, SAND),
    ),
    Case(
        "red to blue, a red\nbystander in both sets", _TAKEN_NOTE,
        Set(square, RED, bystander=RED), Set(square, BLUE, bystander=RED), Set(square, BLUE, bystander=RED),
    ),
    Case(
        "the same, but\nin the test alone", _TAKEN_NOTE,
        RED_SQUARES, BLUE_SQUARES, Set(square, BLUE, bystander=RED), tested=Set(square, RED, bystander=RED),
    ),
    Case(
        "a green bystander\nin the test alone", _TAKEN_NOTE,
        RED_SQUARES, BLUE_SQUARES, Set(square, BLUE, bystander=GREEN), tested=Set(square, RED, bystander=GREEN),
    ),
    Case(
        "red to blue,\nthe post's losses", _SIZE_NOTE,
        RED_SQUARES, BLUE_SQUARES, BLUE_SQUARES, loss="non_saturating", cycle_loss="l2",
    ),
)  # fmt: skip


def draw_places(count: int, seed: int, first: Sequence[int] = ()) -> list[Place]:
    """Random places inside the picture; the first shapes have the sides `first`."""
    draw = np.random.default_rng(seed)
    places = []
    for number in range(count):
        side = first[number] if number < len(first) else int(draw.integers(SIDES[0], SIDES[1] + 1))
        row, column = draw.integers(3, SIZE - side - 2, 2) + side / 2 - 0.5
        places.append(Place(side, row, column))
    return places


def train(case: Case, steps: int = STEPS, seed: int = 0) -> tuple[keras.Model, keras.Model]:
    """Train a case. Returns its generators: A to B, and B to A."""
    experiment = series.resolve(
        "horse2zebra", loss=case.loss, cycle_loss=case.cycle_loss, cycle_weight=case.weight, seed=seed,
        image_size=SIZE, base_filters=8, blocks=1, batch_size=4, lr=1e-3,
    )  # fmt: skip
    assert isinstance(experiment, CycleGAN)
    strategy = tf.distribute.get_strategy()
    state = create_state(experiment, strategy, cyclegan.measures(experiment), steps, cyclegan.buffers(experiment))
    step = cyclegan.make_step(experiment, state, strategy)
    sets = [one.draw(draw_places(256, seed=10 + number)) for number, one in enumerate((case.a, case.b))]
    order = np.random.default_rng(seed)
    for number in range(steps):
        state.set_learning_rate(experiment.lr * min(1.0, 2 - 2 * number / steps))  # falls in the second half
        step(tuple(tf.constant(images[order.integers(len(images), size=4)]) for images in sets))
    return state.networks["generator_ab"], state.networks["generator_ba"]


def overlap(found: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Intersection over union of masks [N, SIZE, SIZE], one number for each."""
    return (found & mask).sum((1, 2)) / (found | mask).sum((1, 2))


def middle(mask: np.ndarray) -> np.ndarray:
    return np.argwhere(mask).mean(axis=0) if mask.any() else np.full(2, np.nan)


def measure(
    case: Case, there_and_back: tuple[keras.Model, keras.Model]
) -> tuple[dict[str, float], tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """{what: number}, means over the test pictures, and (pictures, translated, back) [N, SIZE, SIZE, 3] in [-1, 1].

    The object is all pixels that are nearer to B's colour than to any ground's. overlap: intersection over union of object and
    wanted shape. unchanged: the same for the input's shape and the wanted shape. nearer: share of objects that overlap more with
    the wanted shape than with the input's. middles: pixels between the two middles. sides: difference between the square roots
    of the two areas, in pixels. correlation: of these roots. cycle: mean absolute error of the translation back. way: how far
    the ground moved from A's colour to B's; 1 is all the way. taken: how far the bystander moved from its colour to B's.
    """
    places = draw_places(64, seed=12, first=SHOWN)
    images = case.test.draw(places)
    there = there_and_back[0](images).numpy()
    back = there_and_back[1](there).numpy()
    colour, grounds = (np.array(one, np.float32) / 127.5 - 1 for one in (case.b.colour, [case.a.ground, case.b.ground]))
    ground_distance = np.min([np.linalg.norm(there - ground, axis=-1) for ground in grounds], axis=0)
    found = np.linalg.norm(there - colour, axis=-1) < ground_distance  # nearer to the object's colour than to a ground's
    old, new = (np.array([one.shape(place) for place in places]) for one in (case.a, case.wanted))
    numbers = {
        "overlap": overlap(found, new).mean(),
        "unchanged": overlap(old, new).mean(),
        "nearer": (overlap(found, new) > overlap(found, old)).mean(),
        "middles": np.nanmean([np.linalg.norm(middle(a) - middle(b)) for a, b in zip(found, new, strict=True)]),
        "sides": abs(np.sqrt(found.sum((1, 2))) - np.sqrt(new.sum((1, 2)))).mean(),
        "correlation": np.corrcoef(np.sqrt(found.sum((1, 2))), np.sqrt(new.sum((1, 2))))[0, 1],
        "cycle": abs(back - images).mean(),
    }
    if case.a.ground != case.b.ground:
        away = grounds[1] - grounds[0]
        moved = (there - grounds[0])[~(old | found)] @ away / (away @ away)
        numbers["way"] = moved.mean()
    if case.test.bystander:
        own = np.array(case.test.bystander, np.float32) / 127.5 - 1
        beside = np.array([circle(corner(place)) for place in places])
        numbers["taken"] = ((there - own)[beside] @ (colour - own) / ((colour - own) @ (colour - own))).mean()
    return numbers, (images, there, back)


def draw(rows: Sequence[tuple[str, str, tuple[np.ndarray, ...]]], path: Path) -> None:
    """rows: [(title, note, the pictures from measure)]. A row shows the first test pictures, each with its translations."""
    cell, gap, between, titles, head = 0.95, 0.04, 0.16, 2.05, 0.28  # inches
    group_width = 3 * (cell + gap) + between
    width, height = titles + len(SHOWN) * group_width, head + len(rows) * (cell + between)
    figure = Figure(figsize=(width, height))
    for index, (title, note, shown) in enumerate(rows):
        low = height - head - index * (cell + between) - cell
        x, y = (titles - 0.12) / width, (low + cell * 0.48) / height
        figure.text(x, y + 0.004, title, ha="right", va="bottom", weight="bold", linespacing=1.1)
        figure.text(x, y - 0.004, note, ha="right", va="top", fontsize=9)
        for group in range(len(SHOWN)):
            for number, (images, words) in enumerate(zip(shown, ("input", "translated", "and back"), strict=True)):
                left = titles + group * group_width + number * (cell + gap)
                axes = figure.add_axes((left / width, low / height, cell / width, cell / height))
                axes.set(xticks=[], yticks=[])
                axes.imshow(pictures.to_uint8(images[group]), interpolation="nearest")
                if index == 0:
                    axes.set_title(words, fontsize=9, pad=4)
    figure.savefig(path, dpi=100)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=STEPS, help="steps of each training")
    parser.add_argument("--rows", type=int, default=len(CASES), help="number of rows in the figure, from the first on")
    parser.add_argument("--out", type=Path, default=OUT, help="file of the figure")
    arguments = parser.parse_args()
    rows, trained = [], {}
    for case in CASES[: arguments.rows]:
        training = (case.a, case.b, case.weight, case.loss, case.cycle_loss)  # cases that only test other pictures share it
        if training not in trained:
            trained[training] = train(case, arguments.steps)
        numbers, shown = measure(case, trained[training])
        print(
            case.title.replace("\n", " ") + ": " + "; ".join(f"{what} {value:.2f}" for what, value in numbers.items()), flush=True
        )
        rows.append((case.title, case.note.format(**numbers), shown))
    draw(rows, arguments.out)


if __name__ == "__main__":
    main()
