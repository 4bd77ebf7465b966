"""A Vosk model as a folder: what belongs to it, its hash, and what was said in the recordings that prove it."""

import csv
import hashlib
from collections.abc import Mapping
from pathlib import Path

from devices.errors import DeviceFault

TINY = Path(__file__).parents[3] / "firmware_configs" / "speech" / "court-zh-tiny"
"""The model that comes along: made from synthetic speech, for trying out, not for real hearings."""
SAMPLES = TINY.with_name("samples")
_NEEDED = ("am/final.mdl", "conf/mfcc.conf")
_GRAPHS = (("graph/HCLG.fst",), ("graph/HCLr.fst", "graph/Gr.fst"))
_PIECE = 1 << 20


def check(folder: Path) -> None:
    """Whether Vosk could load it, which ends the process when it cannot. Raises DeviceFault naming what is missing."""
    missing = [name for name in _NEEDED if not (folder / name).is_file()]
    if not any(all((folder / name).is_file() for name in graph) for graph in _GRAPHS):
        missing.append("graph/HCLr.fst")
    if missing:
        how = "put one there with `courtside-gateway model install`"
        raise DeviceFault(f"{folder} holds no speech model: {', '.join(missing)} is missing; {how}")
    empty = [path for path in folder.rglob("*.mdl") if not path.stat().st_size]
    if empty:
        raise DeviceFault(f"the speech model in {folder} is damaged: {empty[0].name} is empty; install it anew")


def sha256(folder: Path) -> str:
    """SHA-256 over names and contents of its files, so that two models are told apart wherever they stand."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(f"{path.relative_to(folder).as_posix()}\0{path.stat().st_size}\0".encode())
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
    return digest.hexdigest()


def spoken(folder: Path = SAMPLES) -> Mapping[Path, str]:
    """Recordings and what is said in each, without spaces."""
    with (folder / "refs.tsv").open(encoding="utf-8", newline="") as file:
        return {folder / row["file"]: row["reference"] for row in csv.DictReader(file, delimiter="\t")}
