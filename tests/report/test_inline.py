import base64
import io

import numpy as np
import pytest
from PIL import Image

from tfgan_series.report import inline


def decoded(uri):
    head, data = uri.split(",")
    assert head == "data:image/webp;base64"
    return Image.open(io.BytesIO(base64.b64decode(data)))


def noise(width, height):
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8))


def test_flat_pictures_keep_every_pixel():
    picture = Image.new("RGB", (60, 40), (10, 20, 30))
    picture.paste((200, 100, 0), (7, 8, 31, 29))
    assert np.array_equal(np.asarray(decoded(inline.encode(picture))), np.asarray(picture))


def test_wide_pictures_shrink_and_others_do_not():
    assert decoded(inline.encode(noise(2000, 300))).size == (1024, 154)
    assert decoded(inline.encode(noise(30, 90))).size == (30, 90)
    assert decoded(inline.encode(noise(4, 32_766))).size == (2, 16_383)  # WebP has no higher pictures


@pytest.mark.parametrize(
    ("count", "most", "kept"), [(3, 5, [0, 1, 2]), (5, 3, [0, 2, 4]), (100, 4, [0, 33, 66, 99]), (9, 1, [8]), (9, 0, [8])]
)
def test_thinning_is_even_and_keeps_both_ends(count, most, kept):
    assert inline.thin(list(range(count)), most) == kept


def test_grids_fit_their_room(tmp_path):
    paths = {epoch: tmp_path / f"{epoch}.png" for epoch in range(1, 10)}
    for path in paths.values():
        noise(64, 64).save(path)
    every = inline.encode_grids(paths, room=10**9)
    size = sum(map(len, every.values()))
    coarser = inline.encode_grids(paths, room=0.7 * size)
    assert list(every) == list(coarser) == list(range(1, 10))
    assert sum(map(len, coarser.values())) <= 0.7 * size
    fewer = inline.encode_grids(paths, room=size / 6)
    assert sum(map(len, fewer.values())) <= size / 6
    assert 1 < len(fewer) < 9
    assert (min(fewer), max(fewer)) == (1, 9)
    assert list(inline.encode_grids(paths, room=1)) == [9]
