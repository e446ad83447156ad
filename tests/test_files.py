import subprocess
import sys

import pytest

from tfgan_series import files
from tfgan_series.errors import UserError

HOLD = """
import pathlib, sys, time
from tfgan_series import files

with files.claimed(pathlib.Path(sys.argv[1])):
    print("claimed", flush=True)
    time.sleep(600)
"""


def test_a_claimed_folder_is_free_again_when_its_process_is_killed(tmp_path):
    folder = tmp_path / "khoa học 马"
    with subprocess.Popen([sys.executable, "-c", HOLD, folder], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "claimed\n"
        with pytest.raises(UserError, match="another process is writing .*马: wait until it is done"), files.claimed(folder):
            pass
        with files.claimed(tmp_path / "other"):
            pass
        holder.kill()
    with files.claimed(folder):
        assert not list(tmp_path.iterdir())


def test_what_cannot_be_written_leaves_the_old_file_and_is_named(tmp_path):
    path = tmp_path / "page.html"
    files.write_whole(path, "old")
    for error in (OSError(28, "No space left"), OSError("No space left"), OSError(28, "No space left", str(files.partial(path)))):
        with pytest.raises(OSError, match="No space left: '.*page.html'"), files.whole(path) as beside:
            beside.write_text("ne")
            raise error
    assert [file.name for file in tmp_path.iterdir()] == ["page.html"]
    assert path.read_text() == "old"


def test_names_as_long_as_they_may_be_and_text_that_is_no_unicode(tmp_path):
    path = tmp_path / ("马" * 83 + ".png")
    files.write_whole(path, "caf\udce9.png")
    assert path.read_text(encoding="utf-8") == "caf\\udce9.png"
