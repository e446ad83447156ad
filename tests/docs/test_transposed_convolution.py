"""Compares the statements of docs/transposed_convolution.md with Keras."""

import importlib.util
import re

import keras
import numpy as np
import pytest
import tensorflow as tf

from conftest import ROOT

PAGE = ROOT / "docs" / "transposed_convolution.md"

spec = importlib.util.spec_from_file_location("transposed_convolution", ROOT / "docs" / "figures" / "transposed_convolution.py")
script = importlib.util.module_from_spec(spec)
spec.loader.exec_module(script)

KERNELS = [(1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (2, 5), (4, 1)]
STRIDES = [1, 2, 3]


def numbers(*shape):
    """Small whole numbers, so that float32 sums are exact."""
    return np.random.default_rng(shape).integers(-9, 10, shape)


def by_keras(image, kernel, stride, **padding):
    """image [H, W] through a Conv2DTranspose that holds the kernel [kh, kw] as it is."""
    layer = keras.layers.Conv2DTranspose(1, kernel.shape, strides=stride, use_bias=False, **padding)
    layer.build((1, *image.shape, 1))
    layer.set_weights([kernel[:, :, None, None]])
    return np.asarray(layer(image[None, :, :, None].astype("float32")))[0, :, :, 0]


def test_by_hand():
    image, kernel = np.array([[1, 2], [3, 4]]), np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9]])
    full = [
        [1, 2, 3 + 2, 4, 6],
        [4, 5, 6 + 8, 10, 12],
        [7 + 3, 8 + 6, 9 + 14 + 9 + 4, 16 + 8, 18 + 12],
        [12, 15, 18 + 16, 20, 24],
        [21, 24, 27 + 28, 32, 36],
    ]
    cut = [[5, 14, 10], [14, 36, 24], [15, 34, 20]]
    for transposed in (script.scatter, script.dilate_and_convolve):
        assert transposed(image, kernel, 2, 0).tolist() == full
        assert transposed(image, kernel, 2, 1).tolist() == cut


@pytest.mark.parametrize("stride", STRIDES)
@pytest.mark.parametrize(("kernel", "padding"), [(kernel, padding) for kernel in KERNELS for padding in range(min(kernel))])
@pytest.mark.parametrize("shape", [(5, 5), (5, 7)])
def test_both_definitions_agree(shape, kernel, padding, stride):
    image, kernel = numbers(*shape), numbers(*kernel)
    scattered = script.scatter(image, kernel, stride, padding)
    assert scattered.shape == tuple((n - 1) * stride + k - 2 * padding for n, k in zip(shape, kernel.shape, strict=True))
    assert np.array_equal(scattered, script.dilate_and_convolve(image, kernel, stride, padding))


def test_convolve_is_conv2d():
    image, kernel = numbers(5, 7), numbers(3, 2)
    convolved = keras.ops.conv(image[None, :, :, None].astype("float32"), kernel[:, :, None, None].astype("float32"))
    assert np.array_equal(script.convolve(image, kernel), convolved[0, :, :, 0])


@pytest.mark.parametrize("stride", STRIDES)
@pytest.mark.parametrize("kernel", KERNELS)
def test_valid_cuts_nothing(kernel, stride):
    image, kernel = numbers(3, 4), numbers(*kernel)
    gaps = [(0, max(stride - k, 0)) for k in kernel.shape]  # Keras puts them after the last stamp too
    expected = np.pad(script.scatter(image, kernel, stride, 0), gaps)
    assert np.array_equal(by_keras(image, kernel, stride, padding="valid"), expected)


@pytest.mark.parametrize("stride", STRIDES)
@pytest.mark.parametrize("kernel", KERNELS)
def test_same_cuts_to_n_times_s_and_the_odd_cell_at_the_end(kernel, stride):
    image, kernel = numbers(3, 4), numbers(*kernel)
    full = np.pad(script.scatter(image, kernel, stride, 0), (0, stride))  # room for the gap after the last stamp
    top, left = (max(k - stride, 0) // 2 for k in kernel.shape)
    expected = full[top : top + 3 * stride, left : left + 4 * stride]
    assert np.array_equal(by_keras(image, kernel, stride, padding="same"), expected)


@pytest.mark.parametrize("stride", STRIDES)
@pytest.mark.parametrize("size", [1, 3, 5])
def test_same_without_output_padding_cuts_half_the_kernel(size, stride):
    image, kernel = numbers(3, 4), numbers(size, size)
    expected = script.scatter(image, kernel, stride, (size - 1) // 2)
    assert np.array_equal(by_keras(image, kernel, stride, padding="same", output_padding=0), expected)


@pytest.mark.parametrize(
    ("size", "padding"),
    [(5, {"padding": "same", "output_padding": 0}), (6, {"padding": "same"}), (7, {"padding": "valid"})],
)
def test_the_posts_larger_example_in_keras(size, padding):
    image, kernel = script.IMAGE, script.KERNEL
    full = script.scatter(image, kernel, 2, 0)
    first = 1 if size == 5 else 0
    assert np.array_equal(by_keras(image, kernel, 2, **padding), full[first : first + size, first : first + size])


def test_the_posts_smaller_example_in_keras():
    image, kernel = script.SMALL, script.KERNEL
    assert script.surround(script.dilate(image, 1), kernel, 0).shape == (6, 6)  # 2 zeros around the 2x2 input
    assert np.array_equal(by_keras(image, kernel, 1), script.dilate_and_convolve(image, kernel, 1, 0))
    assert by_keras(image, kernel, 1).shape == (4, 4)


@pytest.mark.parametrize("padding", [0, 1, 2])
@pytest.mark.parametrize("stride", STRIDES)
def test_a_convolution_with_s_and_p_goes_back_to_the_size_and_the_transposed_matrix_is_no_inverse(stride, padding):
    image, kernel = numbers(3, 3), numbers(3, 3)
    output = script.scatter(image, kernel, stride, padding)

    def convolve(cells):
        return script.convolve(np.pad(cells, padding), kernel)[::stride, ::stride]

    assert convolve(output).shape == image.shape
    assert not np.array_equal(convolve(output), image)
    cells = np.eye(output.size, dtype=int).reshape(-1, *output.shape)
    matrix = np.array([convolve(one).ravel() for one in cells]).T
    assert np.array_equal((matrix.T @ image.ravel()).reshape(output.shape), output)


def test_output_padding_moves_the_cut():
    padded = by_keras(script.IMAGE, script.KERNEL, 2, padding="same", output_padding=1)
    assert np.array_equal(padded, by_keras(script.IMAGE, script.KERNEL, 2, padding="same"))


@pytest.mark.parametrize("size", [2, 4])
def test_even_kernels_need_an_output_padding(size):
    with pytest.raises(tf.errors.OpError):  # the kind of error depends on the processor, because oneDNN raises its own
        by_keras(numbers(3, 3), numbers(size, size), 2, padding="same", output_padding=0)


def test_the_dcgans_layers():
    kernel = numbers(4, 4)
    for image in (numbers(2, 2), numbers(4, 4), numbers(8, 8)):
        doubled = script.scatter(image, kernel, 2, 1)
        assert doubled.shape == (2 * len(image), 2 * len(image))
        assert np.array_equal(by_keras(image, kernel, 2, padding="same"), doubled)
    assert np.array_equal(by_keras(np.array([[3]]), kernel, 1, padding="valid"), 3 * kernel)


def test_layout_of_kerass_kernel():
    image, kernel = numbers(3, 4, 2), numbers(3, 3, 5, 2)  # 2 channels in, 5 out
    layer = keras.layers.Conv2DTranspose(5, 3, strides=2, use_bias=False)
    layer.build((1, *image.shape))
    layer.set_weights([kernel])
    output = np.asarray(layer(image[None].astype("float32")))[0]
    for out in range(5):
        expected = sum(script.scatter(image[..., channel], kernel[:, :, out, channel], 2, 0) for channel in range(2))
        assert np.array_equal(output[..., out], expected)


def test_kernel_4_overlaps_evenly_inside_and_kernel_3_does_not():
    assert (script.overlaps(4, 4, 1)[1:-1, 1:-1] == 4).all()
    assert script.overlaps(4, 3, 1)[1:3, 1:3].tolist() == [[4, 2], [2, 1]]


def test_the_pages_python_counts_the_stamps(capsys):
    exec(re.search(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[1], {})
    printed = re.findall(r"\d", capsys.readouterr().out)
    assert np.array_equal(np.array(printed, int).reshape(5, 5), script.overlaps(3, 3, 1))


def test_the_script_draws_the_pages_figures(tmp_path, monkeypatch):
    monkeypatch.setattr(script, "IMAGES", tmp_path)
    script.main()
    shown = re.findall(r"\(images/(.*?)\)", PAGE.read_text(encoding="utf-8"))
    assert sorted(shown) == sorted(path.name for path in tmp_path.iterdir())
