"""A figure: is MNIST less grainy because the pictures have 64 x 64 pixels (GAN-03), or because of the network?

    python docs/figures/grain.py                        # some minutes; it prints the numbers of chapter 4, and draws grain.png
    python docs/figures/grain.py --steps=100 --out=FILE # a quick look

Each network is trained at a small size and at 64 pixels, for as many steps of 64 pictures. The DCGAN is a sixteenth as wide as
GAN-03's.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import tfgan_series as tg
from tfgan_series import pictures

OUT = Path("grain.png")
STEPS = 937  # an epoch
COUNT = 256  # pictures in each measurement
DCGAN = {"model": "dcgan", "base_filters": 8, "batch_size": 64}
# {what is drawn: its settings}
MEMBERS = {
    "GAN, 28 pixels": {"model": "gan", "image_size": 28},
    "GAN, 64 pixels": {"model": "gan", "image_size": 64},
    "DCGAN, 32 pixels": {**DCGAN, "image_size": 32},
    "DCGAN, 64 pixels": {**DCGAN, "image_size": 64},
}


def roughness(images: np.ndarray) -> float:
    """Mean difference between neighbouring pixels of images [N, H, W, C]."""
    return float(np.abs(np.diff(images, axis=1)).mean() + np.abs(np.diff(images, axis=2)).mean()) / 2


def draw(shown: dict[str, np.ndarray], path: Path) -> None:
    """A row of pictures for each network, all of the same size on the page: shown {title: pictures [N, H, W, C]}."""
    columns = len(next(iter(shown.values())))
    figure = Figure(figsize=(1.1 * columns, 1.3 * len(shown)))
    figure.subplots_adjust(left=0.01, right=0.99, top=0.95, bottom=0.01, wspace=0.05, hspace=0.3)
    for row, (title, images) in zip(figure.subplots(len(shown), columns, squeeze=False), shown.items(), strict=True):
        row[0].set_title(title, loc="left", fontsize=10)
        for axes, image in zip(row, images, strict=True):
            axes.imshow(pictures.to_uint8(image), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
            axes.axis("off")
    figure.savefig(path, dpi=100)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=STEPS, help="steps of each training")
    parser.add_argument("--DatasetPath", help="folder of MNIST's files (default: none)")
    parser.add_argument("--TFRecordPath", default="tfrecords", help="folder of the records")
    parser.add_argument("--out", type=Path, default=OUT, help="file of the figure")
    arguments = parser.parse_args()
    where, shown = {"tfrecord_path": arguments.TFRecordPath}, {}
    for name, settings in MEMBERS.items():
        tg.convert("mnist", arguments.DatasetPath, **settings, **where)
        real = tg.real_pictures("mnist", COUNT, **settings, **where)
        with tempfile.TemporaryDirectory() as folder:
            run = tg.train("mnist", steps=arguments.steps, run_dir=Path(folder) / "run", **settings, **where)
            fakes = tg.generate(run, COUNT)
        title = f"{name}: {roughness(fakes) / roughness(real):.2f} times as rough as real pictures of this size"
        print(title, flush=True)
        shown[title] = fakes[:10]
    draw(shown, arguments.out)


if __name__ == "__main__":
    main()
