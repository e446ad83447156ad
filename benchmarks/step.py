"""How fast is a training step? With float32, mixed_bfloat16, XLA, and with the same networks in PyTorch if it is installed.

    python benchmarks/step.py                                     # the article's 64-px networks, batch 128
    python benchmarks/step.py --base_filters=32 --batch_size=32   # something that a CPU can do

All variants take turns, round after round, on pictures that are already on the device. The time of a variant is the median of
its rounds. Compare the variants by their ratio to float32 in the same run.
"""

import argparse
import functools
import os
import statistics
import time
from collections.abc import Callable

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf

from tfgan_series import series
from tfgan_series.series.models import DCGAN
from tfgan_series.training import adversarial, devices
from tfgan_series.training.state import create_state

Steps = Callable[[int], None]  # does the given number of steps, and waits for the last


def tensorflow_variant(experiment: DCGAN, pictures: np.ndarray) -> Steps:
    """The package's own networks and step. pictures: [B, H, W, C] in [-1, 1]."""
    strategy = tf.distribute.get_strategy()
    state = create_state(experiment, strategy, adversarial.measures(experiment), steps=100, buffers={})
    step = adversarial.make_step(experiment, state, strategy)
    batch = tf.constant(pictures)

    def steps(count: int) -> None:
        for _ in range(count):
            step(batch)
        state.means(1)

    return steps


def torch_variant(experiment: DCGAN, pictures: np.ndarray, bfloat16: bool, compiled: bool) -> Steps:
    """The same networks, losses and simultaneous update in PyTorch."""
    import torch
    from torch import nn

    device = "cuda" if torch.cuda.is_available() else "cpu"
    width, size, channels, slope = experiment.base_filters, experiment.image_size, experiment.channels, experiment.d_slope
    levels = (size // 4).bit_length() - 1
    widths = [width * 2**level for level in range(levels)]
    layers = [nn.ConvTranspose2d(experiment.noise_dim, widths[-1], 4)]
    for before, after in zip(widths[::-1], [*widths[-2::-1], channels], strict=True):
        layers += [nn.BatchNorm2d(before, eps=1e-3, momentum=0.01), nn.LeakyReLU(slope)]
        layers += [nn.ConvTranspose2d(before, after, 4, stride=2, padding=1)]
    generator = nn.Sequential(*layers, nn.Tanh())
    layers = [nn.Conv2d(channels, width, 4, stride=2, padding=1), nn.LeakyReLU(slope)]
    for before, after in zip(widths, widths[1:], strict=False):
        layers += [nn.Conv2d(before, after, 4, stride=2, padding=1), nn.BatchNorm2d(after, eps=1e-3, momentum=0.01)]
        layers += [nn.LeakyReLU(slope), nn.Dropout(experiment.dropout)]
    discriminator = nn.Sequential(*layers, nn.Conv2d(widths[-1], 1, 4), nn.Flatten(0))

    networks = [network.to(device, memory_format=torch.channels_last) for network in (generator, discriminator)]
    optimizers = [torch.optim.Adam(one.parameters(), experiment.lr, (experiment.beta_1, 0.999), eps=1e-7) for one in networks]
    real = torch.tensor(pictures.transpose(0, 3, 1, 2)).to(device, memory_format=torch.channels_last)
    loss = nn.BCEWithLogitsLoss()

    def forward():
        with torch.autocast(device, torch.bfloat16, enabled=bfloat16):
            z = torch.randn(len(real), experiment.noise_dim, 1, 1, device=device)
            fake_logits = discriminator(generator(z)).float()
            real_logits = discriminator(real).float()
        ones, zeros = torch.ones_like(real_logits), torch.zeros_like(real_logits)
        return loss(real_logits, ones) + loss(fake_logits, zeros), loss(fake_logits, ones)

    forward = torch.compile(forward) if compiled else forward

    def steps(count: int) -> None:
        for _ in range(count):
            losses = forward()
            gradients = [
                torch.autograd.grad(value, list(network.parameters()), retain_graph=index == 0)
                for index, (value, network) in enumerate(zip(losses, networks[::-1], strict=True))
            ]
            for network, optimizer, values in zip(networks[::-1], optimizers[::-1], gradients, strict=True):
                for parameter, value in zip(network.parameters(), values, strict=True):
                    parameter.grad = value
                optimizer.step()
        float(losses[0].detach())

    return steps


def tensorflow_makers(experiment: DCGAN, pictures: np.ndarray) -> dict[str, Callable[[], Steps]]:
    """{name: a function that makes the variant}."""
    makers: dict[str, Callable[[], Steps]] = {}
    for precision in ("float32", "mixed_bfloat16"):
        for jit_compile in (False, True):
            variant = experiment.change(precision=precision, jit_compile=jit_compile)
            name = f"TensorFlow {precision}{' XLA' if jit_compile else ''}"
            makers[name] = functools.partial(tensorflow_variant, variant, pictures)
    return makers


def torch_makers(experiment: DCGAN, pictures: np.ndarray) -> dict[str, Callable[[], Steps]]:
    """{name: a function that makes the variant}; empty if PyTorch is not installed."""
    try:
        import torch
    except ImportError:
        return {}
    print(f"TensorFlow {tf.__version__}, PyTorch {torch.__version__}")
    makers: dict[str, Callable[[], Steps]] = {}
    for bfloat16 in (False, True):
        for compiled in (False, True):
            name = f"PyTorch {'bfloat16' if bfloat16 else 'float32'}{' compiled' if compiled else ''}"
            makers[name] = functools.partial(torch_variant, experiment, pictures, bfloat16, compiled)
    return makers


def compiled_variants(makers: dict[str, Callable[[], Steps]]) -> dict[str, Steps]:
    """{name: variant}, compiled. A variant that this machine cannot run is printed and left out."""
    variants = {}
    for name, make in makers.items():
        try:
            steps = make()
            steps(3)  # compiles
            variants[name] = steps
        except Exception as error:  # the other variants shall still run
            print(f"{name}: {type(error).__name__}: {str(error).splitlines()[0][:150]}", flush=True)
    return variants


def time_in_turn(variants: dict[str, Steps], count: int, rounds: int) -> dict[str, list[float]]:
    """{name: seconds of a step, by round}. The variants take turns, so that a slow moment of the machine affects all of them."""
    seconds: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(rounds):
        for name, steps in variants.items():
            start = time.perf_counter()
            steps(count)
            seconds[name].append((time.perf_counter() - start) / count)
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--image_size", type=int, default=64)
    parser.add_argument("--base_filters", type=int, default=128)
    parser.add_argument("--batch_size", type=int, default=128)
    parser.add_argument("--steps", type=int, default=20, help="steps in a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--torch", action=argparse.BooleanOptionalAction, default=True, help="default: if it is installed")
    arguments = parser.parse_args()

    sizes = {name: getattr(arguments, name) for name in ("image_size", "base_filters", "batch_size")}
    experiment = series.resolve("img_celeba", **sizes)
    assert isinstance(experiment, DCGAN)
    shape = (experiment.batch_size, experiment.image_size, experiment.image_size, experiment.channels)
    pictures = np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32)
    devices.share_gpus()

    makers = tensorflow_makers(experiment, pictures)
    if arguments.torch:
        makers |= torch_makers(experiment, pictures)
    seconds = time_in_turn(compiled_variants(makers), arguments.steps, arguments.rounds)
    base = statistics.median(seconds["TensorFlow float32"])
    print(f"devices: {[device.name for device in tf.config.list_physical_devices()]}; {sizes}")
    for name, values in seconds.items():
        median = statistics.median(values)
        spread = (max(values) - min(values)) / median
        print(
            f"{name:32s} {median * 1e3:8.2f} ms/step  {experiment.batch_size / median:8,.0f} images/s"
            f"  {base / median:5.2f}x float32  (spread {spread:.0%})"
        )


if __name__ == "__main__":
    main()
