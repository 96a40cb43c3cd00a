"""Which version of the data a reference file is, as the tools beside it say: DVC's, lakeFS's.

Only what is there is said: nothing is asked of a server, and no program is run.
"""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

FILE_MAX: Final = 4_000_000  # bytes of a file of theirs
ABOVE_MAX: Final = 12  # folders that are looked at, from the file's upwards
LOCK, LAKEFS = "dvc.lock", ".lakefs_ref.yaml"
Told = Mapping[str, str]


def versions(path: Path) -> dict[str, Told]:
    """By tool, what it calls the version of a file; nothing of one that says nothing, or something else."""
    found = {"dvc": _dvc(path), "lakefs": _lakefs(path)}
    return {name: told for name, told in found.items() if told}


def _dvc(path: Path) -> Told:
    """Where `FILE.dvc` or `dvc.lock` has the file with the very bytes that it has now."""
    for place, md5 in _recorded(path):
        if md5 == _md5(path):
            return {"path": place, "md5": md5, **_revision(path)}
    return {}


def _recorded(path: Path) -> Iterator[tuple[str, str]]:
    """What DVC has noted of a file: the place, as the repository has it, and the hash."""
    beside = _document(path.with_name(path.name + ".dvc"))
    for each in _outs(beside):
        if each.get("path") == path.name:
            yield _inside(path), str(each.get("md5", ""))
    for folder in _above(path):
        stages = _document(folder / LOCK).get("stages")
        for stage in stages.values() if isinstance(stages, dict) else ():
            for each in _outs(stage):
                if (folder / str(each.get("path"))).absolute() == path.absolute():
                    yield _inside(path), str(each.get("md5", ""))


def _outs(document: object) -> Iterator[Mapping[str, Any]]:
    outs = document.get("outs") if isinstance(document, dict) else None
    yield from (each for each in (outs if isinstance(outs, list) else ()) if isinstance(each, dict))


def _lakefs(path: Path) -> Told:
    """Of a folder that `lakectl local` keeps: where it comes from, and the commit that it was synchronised with."""
    for folder in _above(path):
        told = _document(folder / LAKEFS)
        source, commit = told.get("src"), told.get("at_head")
        if isinstance(source, str) and isinstance(commit, str):
            inside = path.absolute().relative_to(folder.absolute()).as_posix()
            return {"source": source, "commit": commit, "path": inside}
    return {}


def _revision(path: Path) -> Told:
    """The commit of the git repository around a file."""
    for folder in _above(path):
        head = _text(folder / ".git" / "HEAD").strip()
        if not head:
            continue
        name = head.removeprefix("ref: ")
        if name == head:
            return {"rev": head}
        packed = (line.split() for line in _text(folder / ".git" / "packed-refs").splitlines())
        known = {words[1]: words[0] for words in packed if len(words) == 2}
        rev = _text(folder / ".git" / name).strip() or known.get(name, "")
        return {"rev": rev} if rev else {}
    return {}


def _inside(path: Path) -> str:
    """The path from the root of its repository on; where there is none its name."""
    root = next((each for each in _above(path) if (each / ".git").exists() or (each / ".dvc").is_dir()), path.parent)
    return path.absolute().relative_to(root.absolute()).as_posix()


def _above(path: Path) -> tuple[Path, ...]:
    return tuple(path.absolute().parents)[:ABOVE_MAX]


def _md5(path: Path) -> str:
    with path.open("rb") as raw:
        return hashlib.file_digest(raw, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _text(path: Path) -> str:
    """A small file; empty where there is none, or it is none of theirs."""
    try:
        return path.read_text(encoding="utf-8") if path.is_file() and path.stat().st_size <= FILE_MAX else ""
    except (OSError, UnicodeDecodeError):
        return ""


def _document(path: Path) -> Mapping[str, Any]:
    """A small YAML file; empty where it is none."""
    text = _text(path)
    try:
        found = yaml.safe_load(text) if text else None
    except yaml.YAMLError:
        return {}
    return found if isinstance(found, dict) else {}
