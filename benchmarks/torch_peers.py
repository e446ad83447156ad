"""The package's networks and training steps in PyTorch, as its users write them: what the benchmarks of speed compare with.

Needs PyTorch (the extra `bench`). A network's weights are not those of Keras, but it has as many, which is checked.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, mse_loss
from turns import Contestant

if not torch.cuda.is_available():  # else torch loads Triton, whose LLVM ends a process that has TensorFlow's (seen with 2.15)
    sys.modules["triton"] = None  # type: ignore[assignment]
from torch.utils.flop_counter import FlopCounterMode

from tfgan_series.series.models import DCGAN, CycleGAN

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
# {a way to run PyTorch: (memory format, whether compiled)}
WAYS = {
    "eager": (torch.contiguous_format, False),
    "channels_last": (torch.channels_last, False),
    "compiled": (torch.channels_last, True),
}
# With this the gradients are compiled together with the losses.
torch._dynamo.config.trace_autograd_ops = True

Networks = dict[str, nn.Module]
# A part of a step: a function of the real pictures and of what the phase before passed on. Returns the loss of each player,
# and what it passes on.
Phase = Callable[..., tuple[Sequence[torch.Tensor], Sequence[torch.Tensor]]]


def dcgan(experiment: DCGAN) -> Networks:
    """The article's networks (networks/dcgan.py with stem=conv)."""
    width, size, channels, slope = experiment.base_filters, experiment.image_size, experiment.channels, experiment.d_slope
    widths = [width * 2**level for level in range((size // 4).bit_length() - 1)]
    layers: list[nn.Module] = [
        nn.Unflatten(1, (experiment.noise_dim, 1, 1)),
        nn.ConvTranspose2d(experiment.noise_dim, widths[-1], 4),
    ]
    for before, after in zip(widths[::-1], [*widths[-2::-1], channels], strict=True):
        layers += [nn.BatchNorm2d(before, eps=1e-3, momentum=0.01), nn.LeakyReLU(slope)]
        layers += [nn.ConvTranspose2d(before, after, 4, stride=2, padding=1)]
    generator = nn.Sequential(*layers, nn.Tanh())
    layers = [nn.Conv2d(channels, width, 4, stride=2, padding=1), nn.LeakyReLU(slope)]
    for before, after in zip(widths, widths[1:], strict=False):
        layers += [nn.Conv2d(before, after, 4, stride=2, padding=1), nn.BatchNorm2d(after, eps=1e-3, momentum=0.01)]
        layers += [nn.LeakyReLU(slope), nn.Dropout(experiment.dropout)]
    return {"generator": generator, "discriminator": nn.Sequential(*layers, nn.Conv2d(widths[-1], 1, 4), nn.Flatten(0))}


def cyclegan(experiment: CycleGAN) -> Networks:
    """Both generators and both discriminators of networks/cyclegan.py."""
    width, channels = experiment.base_filters, experiment.channels

    def normalised(features: int) -> nn.Module:
        return nn.InstanceNorm2d(features, affine=True)

    def reflected(before: int, after: int, kernel: int) -> list[nn.Module]:
        return [nn.ReflectionPad2d(kernel // 2), nn.Conv2d(before, after, kernel)]

    class Block(nn.Module):
        def __init__(self, features: int) -> None:
            super().__init__()
            first, second = reflected(features, features, 3), reflected(features, features, 3)
            self.inner = nn.Sequential(*first, normalised(features), nn.ReLU(), *second, normalised(features))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + self.inner(x)

    def generator() -> nn.Module:
        layers = [*reflected(channels, width, 7), normalised(width), nn.ReLU()]
        for filters in (width, 2 * width):
            layers += [nn.Conv2d(filters, 2 * filters, 3, stride=2, padding=1), normalised(2 * filters), nn.ReLU()]
        layers += [Block(4 * width) for _ in range(experiment.blocks)]
        for filters in (2 * width, width):
            layers += [
                nn.ConvTranspose2d(2 * filters, filters, 3, stride=2, padding=1, output_padding=1),
                normalised(filters),
                nn.ReLU(),
            ]
        return nn.Sequential(*layers, *reflected(width, channels, 7), nn.Tanh())

    def discriminator() -> nn.Module:
        layers: list[nn.Module] = [nn.Conv2d(channels, width, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        for filters in (width, 2 * width):
            layers += [nn.Conv2d(filters, 2 * filters, 4, stride=2, padding=1), normalised(2 * filters), nn.LeakyReLU(0.2)]
        layers += [nn.Conv2d(4 * width, 8 * width, 4, padding="same"), normalised(8 * width), nn.LeakyReLU(0.2)]
        return nn.Sequential(*layers, nn.Conv2d(8 * width, 1, 4, padding="same"))

    return {name: generator() for name in ("generator_ab", "generator_ba")} | {
        name: discriminator() for name in ("discriminator_a", "discriminator_b")
    }


def _loss(logits: torch.Tensor, target: float) -> torch.Tensor:
    return binary_cross_entropy_with_logits(logits.float(), torch.full_like(logits, target, dtype=torch.float32))


def dcgan_phases(experiment: DCGAN, networks: Networks) -> list[tuple[tuple[str, ...], Phase]]:
    """[(players, phase)]: the simultaneous update, in which both players move from one batch of fakes."""
    generator, discriminator = networks["generator"], networks["discriminator"]

    def both(real: torch.Tensor) -> tuple[Sequence[torch.Tensor], Sequence[torch.Tensor]]:
        z = torch.randn(len(real), experiment.noise_dim, device=real.device)
        fake_logits, real_logits = discriminator(generator(z)), discriminator(real)
        return (_loss(real_logits, 1) + _loss(fake_logits, 0), _loss(fake_logits, 1)), ()

    return [(("discriminator", "generator"), both)]


def cyclegan_phases(experiment: CycleGAN, networks: Networks) -> list[tuple[tuple[str, ...], Phase]]:
    """[(players, phase)]: the generators, then the discriminators. A player may be several networks, with + between them."""
    g_ab, g_ba, d_a, d_b = networks.values()

    def generators(a: torch.Tensor, b: torch.Tensor) -> tuple[Sequence[torch.Tensor], Sequence[torch.Tensor]]:
        fake_b, fake_a = g_ab(a), g_ba(b)
        cycle = mse_loss(g_ba(fake_b).float(), a) + mse_loss(g_ab(fake_a).float(), b)
        loss = _loss(d_b(fake_b), 1) + _loss(d_a(fake_a), 1) + experiment.cycle_weight * cycle
        return (loss,), (fake_a.detach(), fake_b.detach())

    def discriminators(a: torch.Tensor, b: torch.Tensor, fake_a: torch.Tensor, fake_b: torch.Tensor) -> Any:
        return (_loss(d_a(a), 1) + _loss(d_a(fake_a), 0) + _loss(d_b(b), 1) + _loss(d_b(fake_b), 0),), ()

    return [(("generator_ab+generator_ba",), generators), (("discriminator_a+discriminator_b",), discriminators)]


FAMILIES = {DCGAN: (dcgan, dcgan_phases), CycleGAN: (cyclegan, cyclegan_phases)}


def training(experiment: Any, real: Sequence[np.ndarray], parameters: Mapping[str, int], precision: str, way: str) -> Contestant:
    """Training steps on one batch of real pictures, or on one of each set, each [B, H, W, C] in [-1, 1].

    parameters: {network: the number of its trainable ones in Keras}. way: one of WAYS.
    """
    memory_format, compiled = WAYS[way]
    build, make_phases = FAMILIES[type(experiment)]
    networks = {name: network.to(DEVICE, memory_format=memory_format) for name, network in build(experiment).items()}
    own = {name: sum(one.numel() for one in network.parameters()) for name, network in networks.items()}
    assert own == dict(parameters), f"the networks differ: {own} parameters here, {dict(parameters)} there"
    batch = [torch.tensor(one.transpose(0, 3, 1, 2)).to(DEVICE, memory_format=memory_format) for one in real]
    phases = [
        _moved(experiment, networks, players, phase, precision, compiled) for players, phase in make_phases(experiment, networks)
    ]

    def steps(times: int) -> None:
        for _ in range(times):
            passed: Sequence[torch.Tensor] = ()
            for phase in phases:
                losses, passed = phase(*batch, *passed)
        float(losses[0])  # waits for the device

    return steps


def _moved(experiment: Any, networks: Networks, players: Sequence[str], phase: Phase, precision: str, compiled: bool) -> Callable:
    """A phase that moves its players too."""
    weights = [[one for name in player.split("+") for one in networks[name].parameters()] for player in players]
    betas = experiment.beta_1, 0.999
    optimizers = [torch.optim.Adam(own, experiment.lr, betas, eps=1e-7, fused=True) for own in weights]

    def gradients(*inputs: torch.Tensor) -> Any:
        with torch.autocast(DEVICE, torch.bfloat16, enabled=precision == "bfloat16"):
            losses, passed = phase(*inputs)
        last = len(losses) - 1
        found = [
            torch.autograd.grad(loss, own, retain_graph=index < last)
            for index, (loss, own) in enumerate(zip(losses, weights, strict=True))
        ]
        return [loss.detach() for loss in losses], passed, found

    run = torch.compile(gradients) if compiled else gradients

    def move(*inputs: torch.Tensor) -> Any:
        losses, passed, found = run(*inputs)
        for optimizer, own, values in zip(optimizers, weights, found, strict=True):
            for parameter, value in zip(own, values, strict=True):
                parameter.grad = value
            optimizer.step()
        return losses, passed

    return move


def operations(steps: Contestant) -> int:
    """Floating-point operations of one step of an eager contestant: those of its convolutions and matrix products."""
    with FlopCounterMode(display=False) as counter:
        steps(1)
    return counter.get_total_flops()


def generation(experiment: DCGAN, z: np.ndarray, batch: int, precision: str, way: str) -> Contestant:
    """The pictures of z [N, noise_dim] as one array [N, H, W, C] float32, `batch` at a time."""
    memory_format, compiled = WAYS[way]
    generator = dcgan(experiment)["generator"].to(DEVICE, memory_format=memory_format).eval()
    run = torch.compile(generator) if compiled else generator

    def pictures(times: int) -> None:
        for _ in range(times):
            with torch.inference_mode(), torch.autocast(DEVICE, torch.bfloat16, enabled=precision == "bfloat16"):
                made = [
                    run(torch.from_numpy(z[first : first + batch]).to(DEVICE)).float().cpu().numpy()
                    for first in range(0, len(z), batch)
                ]
            np.concatenate(made).transpose(0, 2, 3, 1)

    return pictures
