"""Differentiable augmentation (Zhao et al. 2020): changes pictures, real and generated ones alike, before the discriminator
sees them. The generator learns through it. Its authors found that it helps with few pictures; with 400 faces and our recipe it
did harm (docs/recipe.md)."""

import tensorflow as tf

DRAWS = 7  # uniform numbers that each picture needs


def diff_augment(images: tf.Tensor, drawn: tf.Tensor) -> tf.Tensor:
    """The policy "color,translation,cutout" of the paper, with its authors' numbers.

    images: [B, H, W, C] in [-1, 1]. drawn: [B, DRAWS] in [0, 1). Returns [B, H, W, C]; colours may leave [-1, 1].
    """
    brightness, saturation, contrast, down, right, top, left = tf.unstack(drawn, axis=1)
    return _cut_out(_shifted(_coloured(images, brightness, saturation, contrast), down, right), top, left)


def _coloured(images: tf.Tensor, brightness: tf.Tensor, saturation: tf.Tensor, contrast: tf.Tensor) -> tf.Tensor:
    """Add -0.5 to 0.5 to all colours. Multiply the distance of each colour from the pixel's grey by 0 to 2. Multiply the distance
    from the picture's mean by 0.5 to 1.5."""
    images += _each(brightness - 0.5)
    grey = tf.reduce_mean(images, axis=3, keepdims=True)
    images = (images - grey) * _each(2 * saturation) + grey
    mean = tf.reduce_mean(images, axis=[1, 2, 3], keepdims=True)
    return (images - mean) * _each(contrast + 0.5) + mean


def _shifted(images: tf.Tensor, down: tf.Tensor, right: tf.Tensor) -> tf.Tensor:
    """Shift by up to an eighth of the size in each direction, and fill with 0."""
    for axis, share in ((1, down), (2, right)):
        size = images.shape[axis]
        furthest = (size + 4) // 8
        shift = tf.cast(share * (2 * furthest + 1), tf.int32) - furthest
        padding = [[0, 0]] * 4
        padding[axis] = [furthest, furthest]
        places = tf.range(size)[None] + furthest - shift[:, None]
        images = tf.gather(tf.pad(images, padding), places, axis=axis, batch_dims=1)
    return images


def _cut_out(images: tf.Tensor, top: tf.Tensor, left: tf.Tensor) -> tf.Tensor:
    """Set a square of half the picture's size to 0. Its centre is anywhere, so a part may lie outside."""
    inside = []
    for axis, share in ((1, top), (2, left)):
        size = images.shape[axis]
        width = (size + 1) // 2  # the authors' int(size / 2 + 0.5)
        first = tf.floor(share * (size + 1 - width % 2)) - width // 2
        places = tf.range(size, dtype=tf.float32)[None]
        inside.append((places >= first[:, None]) & (places < first[:, None] + width))
    square = inside[0][:, :, None] & inside[1][:, None, :]
    return tf.where(square[..., None], 0.0, images)


def _each(values: tf.Tensor) -> tf.Tensor:
    return values[:, None, None, None]
