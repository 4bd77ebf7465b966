"""The catalogue as central gets it: every driver's settings and those of the whole file, from which it draws forms."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import drivers
from gateway import durable
from gateway.catalogue import gateway_version, working
from gateway.config import GatewayFile


def catalogue_blob() -> bytes:
    """The catalogue as central gets it. Imports every driver: a gateway calls `kept_blob` instead."""
    described = {product.name: product.describe() for product in working()[0]}
    catalogue = {"version": gateway_version(), "drivers": described, "file": GatewayFile.model_json_schema()}
    return json.dumps(catalogue, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def kept_blob(folder: Path) -> bytes:
    """The catalogue, kept in `folder` until a driver changes and made by a process that then ends, for its memory."""
    kept = folder / f"catalogue-{_fingerprint()}.json"
    if not kept.exists():
        made = subprocess.run([sys.executable, "-m", __name__], stdout=subprocess.PIPE, check=True).stdout
        for old in folder.glob("catalogue-*.json"):
            old.unlink()
        durable.write(kept, made)
    return kept.read_bytes()


def _fingerprint() -> str:
    digest = hashlib.sha256(gateway_version().encode())
    for root in [*map(Path, drivers.__path__), Path(__file__).parent]:
        for source in sorted(root.rglob("*.py")):
            told = source.stat()
            digest.update(f"{source}:{told.st_size}:{told.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]


if __name__ == "__main__":
    sys.stdout.buffer.write(catalogue_blob())
