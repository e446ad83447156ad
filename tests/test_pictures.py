import unicodedata

import numpy as np
import pytest
from PIL import Image

from tfgan_series import pictures
from tfgan_series.errors import UserError


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    file = tmp_path / "x.png"
    pictures.to_image(np.kron([[0, 200], [90, 0]], np.ones((32, 32)))[..., None].astype(np.uint8)).save(file)
    whole, refused = file.read_bytes(), 0
    for end in range(8, len(whole)):  # Pillow raises errors of several kinds: a part that stands there twice is a SyntaxError
        file.write_bytes(whole[:end] + whole[end - 8 :])
        try:
            pictures.read(file)
        except UserError as error:
            assert f"{file} cannot be read as a picture" in str(error)
            refused += 1
    assert refused > len(whole) / 4


def test_to_uint8_is_the_inverse_of_the_pipelines_scaling():
    values = np.arange(256, dtype=np.uint8)
    assert np.array_equal(pictures.to_uint8(values.astype(np.float32) / 127.5 - 1), values)
    assert np.array_equal(pictures.to_float(values), values.astype(np.float32) / 127.5 - 1)
    assert pictures.to_uint8(np.array([-1.5, 1.5])).tolist() == [0, 255]


@pytest.mark.parametrize("channels", [1, 3])
def test_grid_puts_pictures_row_by_row(channels):
    images = np.arange(5, dtype=np.uint8)[:, None, None, None].repeat(100, 1).repeat(100, 2).repeat(channels, 3) * 10
    sheet = np.asarray(pictures.grid(images, columns=3)).reshape(206, 308, channels)
    for index, (top, left) in enumerate([(2, 2), (2, 104), (2, 206), (104, 2), (104, 104)]):
        assert (sheet[top : top + 100, left : left + 100] == index * 10).all()
    assert (sheet[104:, 206:] == 255).all()  # the place that stays empty


def test_small_pictures_are_enlarged_by_a_whole_factor():
    image = np.array([[0, 255], [255, 0]], np.uint8).reshape(1, 2, 2, 1)
    sheet = np.asarray(pictures.grid(image, columns=1))
    assert sheet.shape == (100, 100)
    assert (sheet[2:50, 2:50] == 0).all()
    assert (sheet[2:50, 50:98] == 255).all()


def test_caption_stands_above_the_grid():
    images = np.full((4, 96, 96, 1), 128, np.uint8)
    plain, captioned = (np.asarray(pictures.grid(images, 2, caption)) for caption in ("", "epoch 7"))
    assert np.array_equal(captioned[-plain.shape[0] :], plain)
    assert (captioned[: -plain.shape[0]] < 100).any()


def test_heads_stand_above_their_columns():
    images = np.full((4, 96, 96, 1), 128, np.uint8)
    plain = np.asarray(pictures.grid(images, 2, rows=["one", "two"]))
    headed = np.asarray(pictures.grid(images, 2, rows=["one", "two"], heads=["", "second"]))
    assert np.array_equal(headed[22:], plain)
    assert (headed[:22, : -2 - 98] == 255).all()
    assert (headed[:22, -2 - 98 :] < 100).any()


def test_animation_plays_all_pages_and_holds_the_last(tmp_path):
    for value in (0, 120, 240):
        Image.new("L", (20, 20), value).save(tmp_path / f"{value:03d}.png")
    pictures.animation(sorted(tmp_path.glob("*.png")), tmp_path / "a.gif")
    with Image.open(tmp_path / "a.gif") as gif:
        assert gif.n_frames == 3
        assert gif.info["loop"] == 0
        durations, values = [], []
        for frame in range(3):
            gif.seek(frame)
            durations.append(gif.info["duration"])
            values.append(gif.convert("L").getpixel((5, 5)))
    assert durations == [200, 200, 2000]
    assert values == pytest.approx([0, 120, 240], abs=2)


def drawn(path, colour):
    """(rows, columns) of the pixels that have a colour."""
    pixels = np.asarray(Image.open(path).convert("RGB")).astype(int)
    return np.nonzero(np.abs(pixels - colour).max(axis=2) < 4)


BLUE, ORANGE = (31, 119, 180), (255, 127, 14)  # of the discriminator and of the generator


def test_curves_draws_every_line(tmp_path):
    """One line rises and one falls over the whole width. The legend is small compared with them."""
    lines = {"Gen_loss": [2, 1, 0], "Dis_loss": [0, 1, 2]}
    pictures.curves([1, 2, 3], lines, tmp_path / "c.png", x_label="epoch", y_label="loss")
    for colour, slope in ((BLUE, -1), (ORANGE, 1)):  # rows count downwards
        rows, columns = drawn(tmp_path / "c.png", colour)
        assert np.ptp(columns) > 500
        assert np.sign(np.corrcoef(rows, columns)[0, 1]) == slope
        assert abs(np.corrcoef(rows, columns)[0, 1]) > 0.8


def test_a_number_that_is_none_leaves_a_gap_in_its_curve(tmp_path):
    widths = []
    for values in ([1.0, 1.0, 1.0, 1.0], [1.0, 1.0, np.nan, 1.0]):
        pictures.curves([1, 2, 3, 4], {"Dis_loss": values}, tmp_path / "c.png", x_label="epoch", y_label="loss")
        widths.append(len(np.unique(drawn(tmp_path / "c.png", BLUE)[1])))
    assert widths[1] < 0.6 * widths[0]


def test_labels_stand_in_the_corners_of_their_pictures():
    images = np.full((3, 96, 96, 1), 128, np.uint8)
    plain, labelled = (np.asarray(pictures.grid(images, 2, corners=corners)) for corners in ((), ("7", "", "12")))
    changed = plain != labelled
    for index, (top, left) in enumerate([(2, 2), (2, 100), (100, 2)]):
        cell = changed[top : top + 96, left : left + 96]
        assert cell.any() == (index != 1)
        assert not cell[30:].any()
        assert not cell[:, 30:].any()
    assert (labelled[2:20, 2:20] < 50).any()  # black on white
    assert changed[100:, 2:].sum() > changed[:98, 2:].sum()  # two digits are wider than one


def test_join_beside_and_below():
    pages = [Image.new("L", (30, 20), 10), Image.new("L", (10, 40), 20)]
    beside, below = (np.asarray(pictures.join(pages, down)) for down in (False, True))
    assert beside.shape == (40, 52)
    assert (beside[:20, :30] == 10).all() and (beside[:, 42:] == 20).all() and (beside[20:, :42] == 255).all()
    assert below.shape == (72, 30)
    assert (below[:20] == 10).all() and (below[32:, :10] == 20).all() and (below[20:32] == 255).all()


def test_names_stand_left_of_their_rows():
    images = np.full((4, 96, 96, 1), 128, np.uint8)
    plain, named = (np.asarray(pictures.grid(images, 2, rows=rows)) for rows in ((), ("seven", "three")))
    margin = named.shape[1] - plain.shape[1]
    assert np.array_equal(named[:, margin:], plain)
    assert all((named[98 * row : 98 * (row + 1), :margin] < 100).any() for row in (0, 1))


def written(rows):
    """The margin of a grid with these texts beside its rows, one array for each row."""
    images = np.full((len(rows), 96, 96, 1), 128, np.uint8)
    sheet = np.asarray(pictures.grid(images, 1, rows=rows))
    return np.split(sheet[: 98 * len(rows), : -2 - 98], len(rows))


def test_vietnamese_names_are_written_with_their_marks():
    names = ["mèo", "mẻo", "mẽo", "mẹo", "mệo", "Mờ", "Mỡ", "Mợ"]
    margins = written(names)
    assert len({margin.tobytes() for margin in margins}) == len(names)
    apart = written([unicodedata.normalize("NFD", name) for name in names])  # as macOS names folders
    assert all(np.array_equal(one, other) for one, other in zip(margins, apart, strict=True))


def test_names_that_the_font_lacks_are_numbered():
    numbered = written(["none", "#2", "#3"])
    assert all(np.array_equal(one, other) for one, other in zip(written(["none", "猫", "狗 2"]), numbered, strict=True))
    images = np.full((4, 96, 96, 1), 128, np.uint8)
    for where, given, drawn in (("corners", ["狗", "", "猫", "狗"], ["#1", "", "#2", "#1"]), ("heads", ["a", "马"], ["a", "#2"])):
        assert np.array_equal(*(pictures.grid(images, 2, **{where: texts}) for texts in (given, drawn)))
