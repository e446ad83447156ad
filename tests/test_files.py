import csv
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tfgan_series import files, runs
from tfgan_series.errors import UserError

HOLD = """
import pathlib, sys
from tfgan_series import files, runs

with files.claimed(pathlib.Path(sys.argv[1])):
    print("claimed", flush=True)
    sys.stdin.read()  # until this process is killed
"""


def test_a_claimed_folder_is_free_again_when_its_process_is_killed(tmp_path, monkeypatch):
    folder = tmp_path / "khoa học 马"
    words, pipe = [sys.executable, "-c", HOLD, folder], subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True) as holder:
        assert holder.stdout.readline() == "claimed\n"
        with pytest.raises(UserError, match="another process is writing .*马: wait until it is done"), files.claimed(folder):
            pass
        with files.claimed(tmp_path / "other"):
            pass
        said = []
        monkeypatch.setattr("builtins.print", lambda line, flush: said.append(line) or holder.kill())
        with files.claimed(folder, "It is busy: waiting."):
            assert holder.wait() == -signal.SIGKILL
    assert said == ["It is busy: waiting."]
    with files.claimed(folder):
        assert not list(tmp_path.iterdir())


def test_what_cannot_be_written_leaves_the_old_file_and_is_named(tmp_path):
    path = tmp_path / "page.html"
    files.write_whole(path, "old")
    for given in ((28, "No space left"), ("No space left",), (28, "No space left", "beside")):
        with pytest.raises(OSError, match="No space left: '.*page.html'"), files.whole(path) as beside:
            beside.write_text("ne")
            raise OSError(*(str(beside) if one == "beside" else one for one in given))
    assert [file.name for file in tmp_path.iterdir()] == ["page.html"]
    assert path.read_text() == "old"


def test_two_that_write_one_file_at_the_same_time_do_not_meet(tmp_path):
    path = tmp_path / "model.keras"
    with files.whole(path) as one:
        one.write_text("half")
        with files.whole(path) as other:
            other.write_text("the other's")
        assert path.read_text() == "the other's"
        assert one.read_text() == "half"
        one.write_text("the one's")
    assert path.read_text() == "the one's"
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_killed_process_left_goes_with_the_next_write(tmp_path):
    """What is younger than this process, or is of another file, may be of a process that lives."""
    path, folder = tmp_path / "model.keras", tmp_path / "exported"
    stays = [files.partial(path), files.partial(tmp_path / "other.keras")]
    goes = [files.partial(path), files.partial(path), files.partial(folder)]
    for one in (*stays, goes[0]):
        one.touch()
    goes[1].symlink_to(tmp_path)
    goes[2].mkdir()
    (goes[2] / "a").touch()
    for one in (stays[1], *goes):
        os.utime(one, (0, 0), follow_symlinks=False)
    files.write_whole(path, "new")
    with files.whole_folder(folder):
        pass
    assert sorted(tmp_path.iterdir()) == sorted([path, folder, *stays])


def test_what_is_renamed_into_place_is_on_the_disk(tmp_path, monkeypatch):
    """A file, and a folder with all that is in it, before the renaming; then the list of names that has it."""
    done = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda number: (done.append(os.readlink(f"/proc/self/fd/{number}")), fsync(number)))
    monkeypatch.setattr(os, "replace", lambda one, other: (done.append("renamed"), replace(one, other)))
    files.write_whole(tmp_path / "a.txt", "text")
    assert files.is_partial(Path(done[0]), "a.txt") and done[1:] == ["renamed", str(tmp_path)]
    done.clear()
    with files.whole_folder(tmp_path / "new") as beside:
        (beside / "inner").mkdir()
        (beside / "inner/b.txt").write_text("text")
    assert set(done[:3]) == {str(beside / "inner"), str(beside / "inner/b.txt"), str(beside)}
    assert done[3:] == ["renamed", str(tmp_path)]


@pytest.mark.parametrize(("system", "busy", "pauses"), [("Windows", 3, 3), ("Windows", 999, 50), ("Linux", 1, 0)])
def test_windows_waits_for_a_program_that_has_the_old_file_open(tmp_path, monkeypatch, system, busy, pauses):
    path, replace, refused, slept = tmp_path / "log.csv", os.replace, [], []

    def occupied(one, other):
        if len(refused) < busy:
            refused.append(one)
            raise PermissionError(13, "Permission denied", str(one))
        replace(one, other)

    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(os, "replace", occupied)
    monkeypatch.setattr(time, "sleep", slept.append)
    if busy == 3:
        files.write_whole(path, "new")
        assert path.read_text() == "new"
    else:
        with pytest.raises(PermissionError, match="Permission denied: '.*/log.csv'"):
            files.write_whole(path, "new")
        assert not list(tmp_path.iterdir())
    assert len(slept) == pauses


def test_texts_are_utf_8_with_plain_newlines(tmp_path):
    files.write_whole(tmp_path / "a.txt", "马\nb\n")
    assert (tmp_path / "a.txt").read_bytes() == "马\nb\n".encode()
    rows = [["file", "reason"], ["a,b.png", 'no "picture"\nat all']]
    files.write_rows(tmp_path / "a.csv", rows)
    assert (tmp_path / "a.csv").read_bytes() == b'file,reason\n"a,b.png","no ""picture""\nat all"\n'
    with open(tmp_path / "a.csv", encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == rows


def test_a_discarded_folder_leaves_nothing(tmp_path):
    (tmp_path / "run/images").mkdir(parents=True)
    (tmp_path / "run/images/a.png").touch()
    (tmp_path / "other").touch()
    files.discard(tmp_path / "run")
    assert [path.name for path in tmp_path.iterdir()] == ["other"]


def test_what_a_kill_leaves_of_a_discarded_folder_goes_with_the_next_claim(tmp_path, monkeypatch):
    (tmp_path / "run").mkdir()
    (tmp_path / "run/experiment.json").touch()
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", lambda path: None)
        files.discard(tmp_path / "run")
    (left,) = tmp_path.iterdir()
    os.utime(left, (0, 0))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(runs, "ROOT", Path())
    assert runs.all_runs() == []
    files._left_over.cache_clear()
    with files.claimed(tmp_path / "run"):
        assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("stopped", [1, 2])
def test_a_stop_between_two_folders_leaves_one_of_them(tmp_path, monkeypatch, stopped):
    """Before the old folder has another name, and after."""
    replace, calls = os.replace, []

    def stop(one, other):
        calls.append(one)
        if len(calls) == stopped:
            raise KeyboardInterrupt
        replace(one, other)

    (tmp_path / "exported").mkdir()
    (tmp_path / "exported/old").touch()
    monkeypatch.setattr(os, "replace", stop)
    with pytest.raises(KeyboardInterrupt), files.whole_folder(tmp_path / "exported"):
        pass
    assert [str(path.relative_to(tmp_path)) for path in sorted(tmp_path.rglob("*"))] == ["exported", "exported/old"]


def test_names_as_long_as_they_may_be_and_text_that_is_no_unicode(tmp_path):
    path = tmp_path / ("马" * 83 + ".png")
    files.write_whole(path, "caf\udce9.png")
    assert path.read_text(encoding="utf-8") == "caf\\udce9.png"


def test_a_folder_appears_whole_or_the_old_one_stays(tmp_path):
    folder = tmp_path / "exported"
    with files.whole_folder(folder) as beside:
        (beside / "old").touch()
    with pytest.raises(ValueError), files.whole_folder(folder) as beside:
        (beside / "new").touch()
        raise ValueError
    assert [str(path.relative_to(tmp_path)) for path in sorted(tmp_path.rglob("*"))] == ["exported", "exported/old"]
    with files.whole_folder(folder) as beside:
        (beside / "new").touch()
    assert [str(path.relative_to(tmp_path)) for path in sorted(tmp_path.rglob("*"))] == ["exported", "exported/new"]
