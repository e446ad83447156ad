"""Pictures in CelebA's layout, for the benchmarks that are not given CelebA itself."""

from pathlib import Path

import numpy as np
from PIL import Image

VARIANTS = ("img_celeba", "img_align_celeba", "img_align_celeba_png")  # the folders below Img/


def write_celeba(root: Path, count: int, noise: tuple[int, int] | None = None) -> None:
    """CelebA's layout: photographs of many sizes with a list of boxes, and aligned ones of 178x218 as JPEG and PNG. They show
    enlarged noise. noise: its height and width; None: an eighth of the picture's. Files of less noise are smaller, and
    are decoded faster."""
    draw = np.random.default_rng(0)

    def picture(width: int, height: int) -> Image.Image:
        coarse = draw.integers(0, 256, (*(noise or (height // 8, width // 8)), 3), np.uint8)
        return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)

    for variant in VARIANTS:
        (root / "Img" / variant).mkdir(parents=True, exist_ok=True)
    rows = []
    for number in range(count):
        width, height = map(int, draw.integers(180, 640, 2))
        side = int(draw.integers(60, 0.6 * min(width, height)))
        left, top = int(draw.integers(0, width - side)), int(draw.integers(0, height - side))
        picture(width, height).save(root / f"Img/img_celeba/{number:06d}.jpg", quality=92)
        aligned = picture(178, 218)
        aligned.save(root / f"Img/img_align_celeba/{number:06d}.jpg", quality=92)
        aligned.save(root / f"Img/img_align_celeba_png/{number:06d}.png")
        rows.append(f"{number:06d}.jpg {left} {top} {side} {side}")
    (root / "Anno").mkdir()
    (root / "Anno/list_bbox_celeba.txt").write_text("\n".join([str(count), "image_id x_1 y_1 width height", *rows]) + "\n")
