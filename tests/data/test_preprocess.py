import contextlib
import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tfgan_series.data import preprocess

GREY, RED = (128, 128, 128), (200, 20, 20)


@pytest.fixture
def save(tmp_path):
    def write(picture, name, **options):
        picture.save(tmp_path / name, **options)
        return tmp_path / name

    return write


def colour(path, channels=3, where=(2, 2)):
    return preprocess.prepare(path, image_size=8, channels=channels).pixels[where].tolist()


def test_every_kind_of_file_comes_out_as_a_person_sees_it(save):
    red = Image.new("RGB", (20, 10), RED)
    files = [
        save(red, "rgb.png"),
        save(red, "rgb.bmp"),
        save(red, "rgb.webp", lossless=True),
        save(red.quantize(4), "palette.png"),
        save(red.convert("RGBA"), "opaque.png"),
        save(red, "q.jpg", quality=100, subsampling=0),
        save(red, "rgb.tif"),
        save(red, "rgb.gif"),
        save(red, "rgb.avif", quality=100, subsampling="4:4:4"),
        save(red, "rgb.jp2"),
        save(red, "rgb.ppm"),
        save(red, "rgb.qoi"),
        save(red.convert("CMYK"), "cmyk.jpg", quality=100),
    ]
    for file in files:
        assert colour(file) == pytest.approx(RED, abs=6), file.name
        assert colour(file, channels=1) == pytest.approx([74], abs=4), file.name  # 0.299 R + 0.587 G + 0.114 B


def test_grey_files_in_colour_and_one_channel(save):
    assert colour(save(Image.new("L", (9, 9), 128), "grey.png")) == list(GREY)
    assert colour(save(Image.new("1", (9, 9), 1), "bits.png")) == [255, 255, 255]
    assert colour(save(Image.new("L", (9, 9), 128), "grey.jpg"), channels=1) == pytest.approx([128], abs=1)
    deep = Image.fromarray(np.full((9, 9), 32896, np.uint16))
    assert colour(save(deep, "deep.png")) == list(GREY)  # 16 bits: 32896 / 257 = 128


def test_floats_and_many_bits_are_right_or_refused(save):
    def grey(value, dtype):
        return save(Image.fromarray(np.full((9, 9), value, dtype)), "grey.tif")

    assert colour(grey(0.5, np.float32)) == pytest.approx(GREY, abs=1)
    assert colour(grey(32896, np.uint16)) == list(GREY)
    assert colour(grey(32800, np.uint16)) == list(GREY)  # 127.6 is rounded
    assert colour(grey(32896, np.int32), channels=1) == [128]
    for value, dtype in ((1.5, np.float32), (np.nan, np.float32), (-0.1, np.float32), (70_000, np.int32), (-1, np.int32)):
        with pytest.raises(preprocess.BadPicture, match="its pixels go from .* can be read"):
            colour(grey(value, dtype))
        with pytest.raises(preprocess.BadPicture, match="its pixels go from .* can be read"):
            preprocess.as_png(grey(value, dtype))


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.png", "a.tif"])
def test_of_an_animation_the_first_picture_is_taken(save, name):
    first, second = Image.new("RGB", (9, 9), RED), Image.new("RGB", (9, 9), GREY)
    file = save(first, name, save_all=True, append_images=[second, first])
    assert colour(file) == pytest.approx(RED, abs=6)
    assert preprocess.plain_file(file) is None or name == "a.png"


def test_a_dot_is_no_picture(save):
    assert colour(save(Image.new("RGB", (3, 3), RED), "three.png")) == list(RED)
    for size in ((2, 9), (9, 2), (1, 1)):
        with pytest.raises(preprocess.BadPicture, match=rf"too small: {size[0]}x{size[1]} pixels, and 3x3 are the fewest"):
            colour(save(Image.new("RGB", size), "dot.png"))


def test_another_format_under_a_pictures_name(save):
    (save(Image.new("RGB", (9, 9), RED), "a.tga")).rename(path := save(Image.new("RGB", (9, 9)), "a.png"))
    with pytest.raises(preprocess.BadPicture, match="it is none of JPEG, PNG, .* or damaged"):
        colour(path)


def test_transparency_stands_on_white(save):
    clear = Image.new("RGBA", (9, 9), (200, 20, 20, 0))
    assert colour(save(clear, "clear.png")) == [255, 255, 255]
    half = Image.new("RGBA", (9, 9), (0, 0, 0, 128))
    assert colour(save(half, "half.png")) == pytest.approx([127, 127, 127], abs=1)
    palette = Image.new("P", (9, 9), 0)
    palette.putpalette([0, 0, 0, 255, 0, 0])
    assert colour(save(palette, "p.png", transparency=0)) == [255, 255, 255]


def test_exif_rotation_is_undone(save):
    picture = Image.new("RGB", (40, 20), "black")
    picture.paste(RED, (0, 0, 20, 20))  # left half red
    exif = Image.Exif()
    exif[0x0112] = 6  # show turned a quarter clockwise: left becomes top
    path = save(picture, "turned.jpg", exif=exif, quality=100, subsampling=0)
    image = preprocess.prepare(path, image_size=16, channels=3).pixels
    assert image[2, 8].tolist() == pytest.approx(RED, abs=6)
    assert image[13, 8].tolist() == pytest.approx([0, 0, 0], abs=6)


@pytest.mark.parametrize("name", ["turned.jpg", "turned.png", "turned.tif", "turned.webp"])
@pytest.mark.parametrize("orientation", [1, 3, 5, 8, 9])
def test_each_format_is_turned_as_pillow_turns_it(save, name, orientation):
    """Pillow gives the size of a TIFF as it is after turning, that of other formats as it is before. 9 is no orientation."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = save(Image.linear_gradient("L").resize((90, 40)).convert("RGB"), name, exif=exif)
    upright = preprocess.open_picture(path).convert("RGB").resize((8, 8), Image.Resampling.BICUBIC)
    mine = preprocess.prepare(path, image_size=8, channels=3).pixels.astype(int)
    assert np.abs(mine - np.asarray(upright)).max() <= 8  # an upright JPEG is decoded at a smaller scale


def test_squash_keeps_everything_and_crop_the_middle(save):
    picture = Image.new("RGB", (60, 20), "black")
    picture.paste(RED, (20, 0, 40, 20))
    path = save(picture, "wide.png")
    squashed = preprocess.prepare(path, image_size=12, channels=3).pixels[6, :, 0]
    assert squashed[1] == 0
    assert int(squashed[6]) == pytest.approx(RED[0], abs=5)  # bicubic overshoots a little at an edge
    cropped = preprocess.prepare(path, image_size=12, channels=3, fit="crop").pixels
    assert (cropped == RED).all()
    tall = save(picture.transpose(Image.Transpose.ROTATE_90), "tall.png")
    assert (preprocess.prepare(tall, image_size=12, channels=3, fit="crop").pixels == RED).all()


def test_resizing_is_antialiased_and_bicubic():
    stripes = np.tile(np.array([0, 255], np.uint8), (64, 32))  # every other column: a grey surface from afar
    assert preprocess.prepare(stripes, image_size=8, channels=1).pixels == pytest.approx(127.5, abs=6)
    edge = np.repeat(np.array([[64, 192]], np.uint8), 8, axis=1).repeat(16, axis=0)
    assert preprocess.prepare(edge, image_size=64, channels=1).pixels.max() > 192  # a cubic overshoots, a line does not


def test_box_is_cut_and_clipped(save):
    picture = Image.new("RGB", (50, 40), "black")
    picture.paste(RED, (30, 10, 50, 30))
    path = save(picture, "boxed.png")
    for box in ((30, 10, 20, 20), (30, 10, 900, 20)):
        assert (preprocess.prepare(path, image_size=8, channels=3, bbox=box).pixels == RED).all()
    assert preprocess.clip_box((-5, -5, 20, 10), 50, 40) == (0, 0, 15, 5)


@pytest.mark.parametrize(
    ("box", "words"),
    [
        ((0, 0, 0, 0), "zero size"),
        ((5, 5, -3, 4), "zero size"),
        ((5, 5, 4, 0), "zero size"),
        ((50, 0, 9, 9), "outside"),
        ((0, 40, 9, 9), "outside"),
        ((-9, 0, 9, 9), "outside"),
    ],
)
def test_boxes_that_cannot_be_cut(box, words):
    with pytest.raises(preprocess.BadPicture, match=words):
        preprocess.clip_box(box, 50, 40)


def test_damaged_files_are_bad_pictures(tmp_path, save):
    whole = save(Image.fromarray(np.random.default_rng(0).integers(0, 255, (60, 60, 3), np.uint8)), "whole.jpg").read_bytes()
    png = save(Image.new("RGB", (60, 60), RED), "whole.png").read_bytes()
    for name, data in {
        "cut.jpg": whole[: len(whole) // 2],
        "head.jpg": whole[:30],
        "text.jpg": b"no picture at all",
        "empty.jpg": b"",
        "cut.png": png[: len(png) // 2],
    }.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(preprocess.BadPicture, match="empty file" if not data else "cannot be decoded"):
            preprocess.prepare(tmp_path / name, image_size=8, channels=3)


def test_a_small_file_of_a_huge_picture_is_refused_before_it_is_decoded():
    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    chunks = (b"IHDR", header), (b"IDAT", zlib.compress(bytes(10_000))), (b"IEND", b"")
    written = [struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks]
    for read in (lambda data: preprocess.prepare(data, image_size=8, channels=3), preprocess.plain_file):
        with pytest.raises(preprocess.BadPicture, match="cannot be decoded: Image size .* exceeds limit"):
            read(b"\x89PNG\r\n\x1a\n" + b"".join(written))


def test_random_damage_is_never_another_error(tmp_path, save):
    rng = np.random.default_rng(0)
    noise = Image.fromarray(rng.integers(0, 255, (32, 32, 3), np.uint8))
    for name in ("a.jpg", "a.png", "a.webp", "a.bmp"):
        whole = save(noise, name).read_bytes()
        for _ in range(40):
            data = bytearray(whole)
            for place in rng.integers(0, len(data), 8):
                data[place] = rng.integers(256)
            (tmp_path / name).write_bytes(data)
            with contextlib.suppress(preprocess.BadPicture):
                preprocess.prepare(tmp_path / name, image_size=8, channels=3)


@pytest.mark.parametrize("name", ["a.png", "a.webp"])
def test_the_bytes_of_a_file_serve_as_the_file_does(save, name):
    path = save(Image.fromarray(np.random.default_rng(0).integers(0, 255, (9, 12, 3), np.uint8)), name)
    prepared = preprocess.prepare(path.read_bytes(), image_size=8, channels=3).pixels
    assert np.array_equal(prepared, preprocess.prepare(path, image_size=8, channels=3).pixels)
    assert preprocess.plain_file(path.read_bytes()) == preprocess.plain_file(path)
    assert preprocess.as_png(path.read_bytes()) == preprocess.as_png(path)
    with pytest.raises(preprocess.BadPicture, match="cannot be decoded"):
        preprocess.as_png(path.read_bytes()[:60])


def test_a_file_that_has_gone_or_goes_while_it_is_read(save, tmp_path, monkeypatch):
    for use in (preprocess.plain_file, preprocess.as_png, preprocess.open_picture):
        with pytest.raises(preprocess.BadPicture, match=r"^cannot be read: No such file or directory$"):
            use(tmp_path / "gone.png")
    path = save(Image.new("RGB", (9, 9)), "a.png")

    def gone(path):
        raise FileNotFoundError(2, "No such file or directory", str(path))

    monkeypatch.setattr(Path, "read_bytes", gone)
    with pytest.raises(preprocess.BadPicture, match="cannot be read"):
        preprocess.as_png(path)


def test_only_what_every_decoder_shows_alike_is_a_plain_file(save):
    red = Image.new("RGB", (20, 10), RED)
    for good in (save(red, "a.jpg"), save(red, "a.png"), save(red.convert("L"), "g.jpg")):
        assert preprocess.plain_file(good) == good.read_bytes()
    exif = Image.Exif()
    exif[0x0112] = 6
    for odd in (
        save(red, "a.webp", lossless=True),
        save(red.convert("CMYK"), "c.jpg", quality=100),
        save(red, "turned.jpg", exif=exif, quality=100),
        save(red.quantize(4), "p.png"),
        save(red, "keyed.png", transparency=(1, 2, 3)),
        np.full((10, 20, 3), RED, np.uint8),
    ):
        assert preprocess.plain_file(odd) is None
        mended = Image.open(io.BytesIO(preprocess.as_png(odd)))
        assert (mended.format, mended.mode) == ("PNG", "RGB")
        assert mended.getpixel((3, 3)) == pytest.approx(RED, abs=6)
    assert mended.size == (20, 10)


def test_arrays_are_prepared_together_as_each_alone():
    rng = np.random.default_rng(0)
    for shape in ((28, 28), (28, 28, 1), (32, 32, 3), (9, 14), (9, 20, 3), (1, 1)):
        for size, channels, fit in ((32, 1, "squash"), (8, 3, "crop"), (14, 3, "squash"), (1, 1, "crop")):
            images = rng.integers(0, 256, (5, *shape), np.uint8)
            how = {"image_size": size, "channels": channels, "fit": fit}
            alone = [preprocess.prepare(one, **how).pixels for one in images]
            assert np.array_equal(preprocess.prepare_arrays(images, **how), alone)


@pytest.mark.parametrize("box", [None, (31, 40, 270, 301)])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_large_jpeg_is_decoded_small_and_looks_the_same(save, box, channels):
    """The lossless file is decoded whole. 4 of 255 grey levels are less than a screen shows."""
    from sklearn.datasets import load_sample_image

    photograph = Image.fromarray(load_sample_image("china.jpg"))
    options = {"image_size": 64, "channels": channels, "bbox": box}
    jpeg = preprocess.prepare(save(photograph, "a.jpg", quality=95), **options).pixels
    whole = preprocess.prepare(save(photograph, "a.png"), **options).pixels
    assert np.abs(jpeg.astype(int) - whole).mean() < 4
    assert not np.array_equal(jpeg, whole)


@pytest.mark.parametrize("options", [{"keep_rgb": True}, {"subsampling": 0}, {"progressive": True}])
@pytest.mark.parametrize("channels", [1, 3])
def test_every_kind_of_jpeg_has_its_colours(save, options, channels):
    picture = Image.new("RGB", (40, 40), RED)
    path = save(picture, "a.jpg", quality=100, **options)
    wanted = np.asarray(picture.convert("L" if channels == 1 else "RGB").resize((8, 8))).reshape(8, 8, channels)
    pixels = preprocess.prepare(path, image_size=8, channels=channels).pixels
    assert pixels.astype(int) == pytest.approx(wanted.astype(int), abs=4)
