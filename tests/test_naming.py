from pathlib import PureWindowsPath

import pytest

from tfgan_series import naming


@pytest.mark.parametrize(
    ("path", "windows", "word"),
    [
        ("runs/dcgan/mnist-64", False, "runs/dcgan/mnist-64"),
        ("my runs/it's", False, "'my runs/it'\"'\"'s'"),
        (PureWindowsPath(r"C:\runs\mnist-64"), True, r"C:\runs\mnist-64"),
        ("--lr=0.1", True, "--lr=0.1"),
        (PureWindowsPath(r"C:\my runs\it's"), True, '"C:\\my runs\\it\'s"'),
        (PureWindowsPath(r"C:\a&b"), True, r'"C:\a&b"'),
        ("", False, "''"),
        ("", True, '""'),
    ],
)
def test_a_path_is_one_word_of_a_command(path, windows, word):
    assert naming.quoted(path, windows=windows) == word


def test_a_text_as_a_part_of_a_name():
    assert naming.as_name("7-Smiling+Male_2.5=x") == "7-Smiling+Male_2.5=x"
    assert naming.as_name("a/b") != naming.as_name("a,b") != naming.as_name("a-b") == "a-b"
    assert naming.as_name("..") == f"-{naming.digest('..')[:8]}"
    assert naming.as_name("x" * 40) == "x" * 40
    assert len(naming.as_name("x" * 41)) == 49 and naming.as_name("x" * 41) != naming.as_name("x" * 42)


def test_other_words_have_another_name():
    assert naming.joined(["a", "b"]) == "a-b" != naming.joined(["a-b"])
    assert naming.as_name(naming.joined(["label", "7", "3"])) == "label-7-3"
