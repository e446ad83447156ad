import pytest
import tensorflow as tf

from tfgan_series import series
from tfgan_series.errors import UserError
from tfgan_series.training import devices

TWO = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
ONE = tf.distribute.get_strategy()


def test_one_device_takes_the_default_strategy():
    assert devices.choose_strategy() is tf.distribute.get_strategy()
    assert devices.is_chief(ONE)
    assert devices.is_chief(TWO)
    assert not devices.several_workers(TWO)


def test_what_several_devices_cannot_do():
    devices.check(series.resolve("digits", jit_compile=True), ONE)
    with pytest.raises(UserError, match="--jit_compile is for one device, and here are 2"):
        devices.check(series.resolve("digits", jit_compile=True), TWO)
    with pytest.raises(UserError, match="--batch_size=63 for 2 devices: give a multiple of 2"):
        devices.check(series.resolve("digits", batch_size=63), TWO)


def test_float16_on_the_cpu_is_warned_of(capsys):
    devices.check(series.resolve("digits", precision="mixed_float16"), ONE)
    assert "hundreds of times slower" in capsys.readouterr().out
