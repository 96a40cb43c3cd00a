"""Which data a reference file is of is read where the tools beside it say so, and comes with the trigger."""

import hashlib
from dataclasses import replace
from pathlib import Path

from stream import reference
from stream.config.settings import Limits, Model
from stream.files import table
from stream.files.provenance import versions
from stream.monitor.acting.triggers import versions as told
from stream.plan import Plan

ROWS = "amount,country\n" + "".join(f"{i % 17},{'FR' if i % 3 else 'DE'}\n" for i in range(300))
REV = "1f3e5d7c9b1a3f5e7d9c1b3a5f7e9d1c3b5a7f9e"


def data(folder: Path) -> Path:
    """A reference in a git repository."""
    (folder / ".git" / "refs" / "heads").mkdir(parents=True)
    (folder / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (folder / ".git" / "refs" / "heads" / "main").write_text(REV + "\n")
    (folder / "data").mkdir()
    path = folder / "data" / "train.csv"
    path.write_text(ROWS)
    return path


def md5(path: Path) -> str:
    """As DVC has it."""
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()


def test_a_file_beside_says_what_dvc_has(tmp_path: Path) -> None:
    """With the commit of the repository around it; a file that has changed since is no version of DVC's."""
    path = data(tmp_path)
    assert {} == versions(path)
    path.with_name("train.csv.dvc").write_text(f"outs:\n- md5: {md5(path)}\n  size: 9\n  path: train.csv\n")
    known = {"dvc": {"path": "data/train.csv", "md5": md5(path), "rev": REV}}
    assert known == versions(path)
    path.write_text(ROWS + "1,FR\n")
    assert {} == versions(path)


def test_a_lock_says_it_too(tmp_path: Path) -> None:
    """Of what a stage has made; a detached head and packed references are read."""
    path = data(tmp_path)
    lock = f"schema: '2.0'\nstages:\n  prepare:\n    outs:\n    - path: data/train.csv\n      md5: {md5(path)}\n"
    (tmp_path / "dvc.lock").write_text(lock)
    (tmp_path / ".git" / "refs" / "heads" / "main").unlink()
    (tmp_path / ".git" / "packed-refs").write_text(f"# pack-refs\n{REV} refs/heads/main\n")
    assert REV == versions(path)["dvc"]["rev"]
    (tmp_path / ".git" / "HEAD").write_text(REV)
    assert REV == versions(path)["dvc"]["rev"]


def test_a_folder_of_lakefs_says_its_commit(tmp_path: Path) -> None:
    """As `lakectl local` keeps it; what is no such file says nothing."""
    path = data(tmp_path)
    mark = tmp_path / ".lakefs_ref.yaml"
    mark.write_text("src: lakefs://lake/main/training/\nat_head: 589f0c\n")
    known = {"source": "lakefs://lake/main/training/", "commit": "589f0c", "path": "data/train.csv"}
    assert {"lakefs": known} == versions(path)
    for text in ("src: [1]\n", "- a\n", "{", "\0"):
        mark.write_text(text)
        assert {} == versions(path)


def test_it_comes_with_the_trigger(tmp_path: Path) -> None:
    """By the plan, which is the same without it; what was learned from the stream says that it is missing."""
    path = data(tmp_path)
    path.with_name("train.csv.dvc").write_text(f"outs:\n- md5: {md5(path)}\n  path: train.csv\n")
    made = reference.plan("m", table(path), Model(), Limits(), since=0, source="a file")
    again = Plan.load(made.body)
    assert (made.id, made.datasets) == (again.id, again.datasets)
    found = told(again)
    assert ({"path": "data/train.csv", "md5": md5(path), "rev": REV}, False) == (found.dvc, found.missing)
    without = replace(made, datasets={})
    assert b"datasets" not in without.body
    assert told(without).missing
