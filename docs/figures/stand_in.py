"""A stand-in for CelebA, which may not be passed on: portraits pasted onto photographs, in CelebA's layout.

    python docs/figures/stand_in.py OUT --faces=FACES --scenes=SCENES --count=20000

FACES: a folder of PNG portraits, square and cut out closely. The docs' pictures were made with the 400 of AT&T Laboratories
Cambridge at 64 x 64 pixels; scikit-learn's fetch_olivetti_faces has these portraits too. SCENES: a folder with JPEGs in trainA
and trainB, as that of horse2zebra; for the docs, the first 256 of each. The same folders, count and seed give the same files.

Each face gets a skin tint, half of them are mirrored, and half have drawn glasses: the attribute Eyeglasses is true to the
picture, and the other 39 are drawn by chance. The faces stand at random places of the scenes, in random sizes, and their boxes,
landmarks and partitions are true. As in CelebA's own list, the box of one training picture has no size.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

NAMES = (
    "5_o_Clock_Shadow Arched_Eyebrows Attractive Bags_Under_Eyes Bald Bangs Big_Lips Big_Nose Black_Hair Blond_Hair Blurry "
    "Brown_Hair Bushy_Eyebrows Chubby Double_Chin Eyeglasses Goatee Gray_Hair Heavy_Makeup High_Cheekbones Male "
    "Mouth_Slightly_Open Mustache Narrow_Eyes No_Beard Oval_Face Pale_Skin Pointy_Nose Receding_Hairline Rosy_Cheeks "
    "Sideburns Smiling Straight_Hair Wavy_Hair Wearing_Earrings Wearing_Hat Wearing_Lipstick Wearing_Necklace "
    "Wearing_Necktie Young"
)
ATTRIBUTES = NAMES.split()
# Where eyes, nose and corners of the mouth lie in a portrait, as shares of its side.
LANDMARKS = np.array([(0.32, 0.40), (0.68, 0.40), (0.50, 0.58), (0.36, 0.75), (0.64, 0.75)])
SIDE = 128  # of a face before it is pasted
WITHOUT_BOX = 4  # the picture, counted from 0, whose box has no size
ALIGNED_SIZE, ALIGNED_SIDE, ALIGNED_CORNER = (178, 218), 120, (29, 60)


def draw_face(path: Path, draw: np.random.Generator, glasses: bool) -> Image.Image:
    """A portrait in colour, SIDE x SIDE."""
    grey = np.asarray(Image.open(path).convert("L").resize((SIDE, SIDE), Image.Resampling.BICUBIC)) / 255.0
    dark = np.array([40, 22, 16])
    light = np.array([250, 205, 180]) - draw.integers(0, 60) * np.array([0.6, 1.0, 1.1])
    face = Image.fromarray((dark + grey[..., None] * (light - dark)).clip(0, 255).astype(np.uint8))
    if draw.random() < 0.5:
        face = face.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if glasses:
        pen = ImageDraw.Draw(face)
        for x, y in LANDMARKS[:2] * SIDE:
            pen.ellipse([x - 17, y - 12, x + 17, y + 12], fill=(20, 20, 24), outline=(5, 5, 5), width=3)
        pen.line([58, 50, 70, 50], fill=(5, 5, 5), width=4)
    return face


def paste(scene: Image.Image, face: Image.Image, side: int, corner: tuple[int, int]) -> np.ndarray:
    """Put the face into the scene. Returns its landmarks there."""
    scene.paste(face.resize((side, side), Image.Resampling.LANCZOS), corner)
    return (LANDMARKS * side + corner).round().astype(int).ravel()


def write(out: Path, faces: Sequence[Path], scenes: Sequence[Path], count: int, seed: int) -> None:
    """Write `count` pictures of each kind, and the lists."""
    wild, aligned, aligned_png = (out / "Img" / name for name in ("img_celeba", "img_align_celeba", "img_align_celeba_png"))
    for folder in (wild, aligned, aligned_png, out / "Anno", out / "Eval"):
        folder.mkdir(parents=True, exist_ok=True)
    points = " ".join(f"{point}_{axis}" for point in ("lefteye", "righteye", "nose", "leftmouth", "rightmouth") for axis in "xy")
    lists: dict[str, list[str]] = {
        "Anno/list_bbox_celeba.txt": [str(count), "image_id x_1 y_1 width height"],
        "Anno/list_attr_celeba.txt": [str(count), " ".join(ATTRIBUTES)],
        "Anno/list_landmarks_celeba.txt": [str(count), points],
        "Anno/list_landmarks_align_celeba.txt": [str(count), points],
        "Anno/identity_CelebA.txt": [],
        "Eval/list_eval_partition.txt": [],
    }
    for index in range(count):
        draw, name = np.random.default_rng([seed, index]), f"{index + 1:06d}"
        glasses = (index // 10 + index) % 2 == 0  # half of the faces in every partition
        identity = int(draw.integers(len(faces)))
        face = draw_face(faces[identity], draw, glasses)

        size = draw.integers(180, 640, 2)
        scene = Image.open(scenes[draw.integers(len(scenes))]).convert("RGB").resize((int(size[0]), int(size[1])))
        side = int(draw.integers(60, 0.6 * min(size)))
        x, y = (int(draw.integers(0, limit - side)) for limit in size)
        in_scene = paste(scene, face, side, (x, y))
        scene.save(wild / f"{name}.jpg", quality=92)

        scene = Image.open(scenes[draw.integers(len(scenes))]).convert("RGB").resize(ALIGNED_SIZE)
        in_aligned = paste(scene, face, ALIGNED_SIDE, ALIGNED_CORNER)
        scene.save(aligned / f"{name}.jpg", quality=92)
        scene.save(aligned_png / f"{name}.png")

        attributes = np.where(draw.random(len(ATTRIBUTES)) < 0.5, 1, -1)
        attributes[ATTRIBUTES.index("Eyeglasses")] = 1 if glasses else -1
        box = (0, 0, 0, 0) if index == WITHOUT_BOX else (x, y, side, side)
        partition = 0 if index == WITHOUT_BOX or index % 10 < 8 else 1 + index % 2
        for rows, numbers in zip(
            lists.values(), (box, attributes, in_scene, in_aligned, [identity + 1], [partition]), strict=True
        ):
            rows.append(f"{name}.jpg {' '.join(map(str, numbers))}")
    for file, rows in lists.items():
        (out / file).write_text("\n".join(rows) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--faces", type=Path, required=True, help="folder of PNG portraits")
    parser.add_argument("--scenes", type=Path, required=True, help="folder with JPEGs in trainA and trainB")
    parser.add_argument("--count", type=int, default=2000, help="pictures of each kind")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    faces, scenes = sorted(arguments.faces.glob("*.png")), sorted(arguments.scenes.glob("train*/*.jpg"))
    if not (faces and scenes):
        parser.error(f"no PNG in {arguments.faces}, or no JPEG in {arguments.scenes}/trainA and trainB")
    write(arguments.out, faces, scenes, arguments.count, arguments.seed)


if __name__ == "__main__":
    main()
