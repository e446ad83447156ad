import keras
import pytest
import tensorflow as tf

from tfgan_series import series
from tfgan_series.errors import UserError
from tfgan_series.training import devices, workers

ONE = tf.distribute.get_strategy()


@pytest.fixture
def gpus(monkeypatch):
    """A function that sets the GPUs that TensorFlow finds, whatever the machine has."""

    def found(*names):
        monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: list(names))
        monkeypatch.setattr(tf.config.experimental, "set_memory_growth", lambda gpu, grows: None)

    return found


@pytest.mark.parametrize("names", [(), ("GPU:0",)])
def test_one_device_takes_the_default_strategy(gpus, names, two_devices):
    gpus(*names)
    assert devices.choose_strategy() is tf.distribute.get_strategy()
    assert workers.is_chief(ONE)
    assert workers.is_chief(two_devices)
    assert not workers.several_workers(two_devices)


def test_several_gpus_share_one_strategy_for_all_that_a_process_trains(gpus, monkeypatch):
    class Mirrored:
        """Stands in for MirroredStrategy, which needs several real GPUs."""

    gpus("GPU:0", "GPU:1")
    monkeypatch.setattr(tf.distribute, "MirroredStrategy", Mirrored)
    assert isinstance(devices.choose_strategy(), Mirrored)
    assert devices.choose_strategy() is devices.choose_strategy()


def test_what_is_only_described_waits_for_no_other_worker(gpus, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", "{}")
    monkeypatch.setattr(workers, "meet", None)
    assert devices.choose_strategy(alone=True) is tf.distribute.get_strategy()


def test_what_several_devices_cannot_do(two_devices):
    devices.check(series.resolve("digits", jit_compile=True), ONE)
    with pytest.raises(UserError, match="--jit_compile is for one device, not for 2"):
        devices.check(series.resolve("digits", jit_compile=True), two_devices)
    with pytest.raises(UserError, match="--batch_size=63 cannot be split over 2 devices: give a multiple of 2"):
        devices.check(series.resolve("digits", batch_size=63), two_devices)


def test_float16_on_the_cpu_is_warned_of(gpus, capsys):
    gpus()
    devices.check(series.resolve("digits", precision="mixed_float16"), ONE)
    assert "hundreds of times slower" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("flags", "precision"), [("avx2 avx512_bf16", "mixed_bfloat16"), ("amx_tile amx_bf16", "mixed_bfloat16"), ("avx2", "float32")]
)
def test_auto_is_what_the_processor_computes_in(gpus, tmp_path, flags, precision):
    gpus()
    described = tmp_path / "cpuinfo"
    described.write_text(f"processor : 0\nflags : fpu {flags} sse\n")
    auto = series.resolve("digits", precision="auto")
    assert devices.resolve_precision(auto, described) == series.resolve("digits", precision=precision)
    assert devices.resolve_precision(auto, tmp_path / "missing").precision == "float32"
    assert devices.resolve_precision(series.resolve("digits"), described).precision == "float32"


@pytest.mark.parametrize(("capabilities", "precision"), [([(9, 0), (8, 0)], "mixed_bfloat16"), ([(8, 6), (7, 5)], "float32")])
def test_auto_is_what_all_gpus_compute_in(gpus, monkeypatch, capabilities, precision):
    gpus(*capabilities)
    monkeypatch.setattr(tf.config.experimental, "get_device_details", lambda gpu: {"compute_capability": gpu})
    assert devices.resolve_precision(series.resolve("digits", precision="auto")).precision == precision


@pytest.mark.parametrize(
    ("row", "filters", "size", "faster"),
    [
        ("celeba", 64, 64, "Faster: --base_filters=32, and --image_size=32 with records of that size."),
        ("celeba", 32, 64, "Faster: --image_size=32 with records of that size."),
        ("celeba", 64, 32, "Faster: --base_filters=32."),
        ("celeba", 32, 32, None),
        ("horse2zebra", 32, 128, "Faster: --image_size=32."),  # its records keep the originals
    ],
)
def test_a_slow_run_is_told_what_would_be_faster(gpus, row, filters, size, faster):
    gpus()
    experiment = series.resolve(row, base_filters=filters, image_size=size)
    large = {"generator": keras.Sequential([keras.Input([2000]), keras.layers.Dense(2500)])}
    lines = devices.if_slow(experiment, large)
    assert [line.endswith(faster) for line in lines] == ([True] if faster else [])
    assert not devices.if_slow(experiment, {"generator": keras.Sequential([keras.Input([2]), keras.layers.Dense(2)])})
    gpus("GPU:0")
    assert not devices.if_slow(experiment, large)
