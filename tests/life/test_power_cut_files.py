"""Power cuts under what is not a database: a new court's keys and settings, blobs, and a gateway's identity."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from central import pki, settings
from central.blobs import Blobs
from central.cli.works import courtroom
from central.people.service import password_fits, person_by_login
from gateway import identity
from tests.kit.powercut import ForgetfulDisk

Forgetful = Callable[[str], ForgetfulDisk]

_BLOBS = """
from central.blobs import Blobs
print(Blobs(home / "blobs").put(b"a page"))
"""
_IDENTITY = """
import base64
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from gateway.identity import save
key = Ed25519PrivateKey.generate()
public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
save(home, key, {
    "court": "court", "gateway": "box", "central_keys": [public], "central_url": "http://127.0.0.1",
    "broker": {"host": "127.0.0.1", "port": 1}, "permit_secret": base64.b64encode(b"s" * 32).decode(),
    "ca": "ca", "certificate": "certificate",
})
"""
_WAITING_BLOB = f"""{_IDENTITY.replace("home,", "home / 'identity',")}
import asyncio
from gateway.clock import Clock
from gateway.identity import load
from gateway.uploads import Uploads
os.mkdir(home / "data")
data = os.open(home, os.O_RDONLY)
os.fsync(data)
print(asyncio.run(Uploads(load(home / "identity"), Clock(), home / "data").keep(b"a page")))
"""


def say_after_the_power_went(disk: ForgetfulDisk, deed: str) -> str:
    """Do the deed in a process of its own, cut the power the moment it is done; gives what it printed."""
    head = "import os, sys\nfrom datetime import UTC, datetime\nfrom pathlib import Path\nhome = Path(sys.argv[1])"
    script = f"{head} / 'home'\n{deed}\nsys.stdout.flush()\nos.kill(os.getpid(), 9)"
    done = subprocess.run(
        [sys.executable, "-c", script, disk.folder], env=disk.environment, stdout=subprocess.PIPE, text=True
    )
    assert done.returncode == -9
    disk.cut()
    return done.stdout.strip()


def home_on(disk: ForgetfulDisk) -> Path:
    return disk.folder / "home"


def test_a_court_just_founded_survives(forgetful: Forgetful) -> None:
    disk = forgetful("disk")
    home, program = disk.folder / "home", Path(sys.executable).with_name("courtside-central")
    first = ("--login", "admin", "--name", "管理员", "--password", "correct horse battery")
    subprocess.run(
        [program, "init", "--home", home, "--court", "huishan", *first],
        env=disk.environment,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    disk.cut()
    assert pki.load(home / "pki").client_context() is not None
    assert settings.load(home).court == "huishan"
    assert "user central" in (home / "broker" / "acl").read_text()
    with courtroom(home) as court, court.store.read() as session:
        admin = person_by_login(session, "admin")
        assert admin is not None and password_fits(admin.password, "correct horse battery")


def test_a_blob_that_was_kept_survives(forgetful: Forgetful) -> None:
    disk = forgetful("disk")
    home_on(disk).mkdir()
    sha256 = say_after_the_power_went(disk, _BLOBS)
    assert Blobs(home_on(disk) / "blobs").get(sha256) == b"a page"


def test_a_gateways_identity_survives(forgetful: Forgetful) -> None:
    disk = forgetful("disk")
    say_after_the_power_went(disk, _IDENTITY)
    assert identity.load(home_on(disk)).gateway == "box"


def test_a_blob_a_gateway_may_name_in_a_line_survives(forgetful: Forgetful) -> None:
    disk = forgetful("disk")
    home_on(disk).mkdir()
    sha256 = say_after_the_power_went(disk, _WAITING_BLOB)
    assert (home_on(disk) / "data" / "blobs" / sha256).read_bytes() == b"a page"
