"""Makes a PDF of a Word document with LibreOffice, which is shut in: no network, no macros, no linked files, its own
profile in a folder that is gone afterwards, and so much memory and time. Only a worker imports it.
"""

import contextlib
import os
import shutil
import signal
import subprocess
from pathlib import Path

from central.dossiers.bounds import LARGEST_FILE
from central.dossiers.opened import FileRefused

MEMORY = 4 * 1024**3
SECONDS = 120
_SHIELDS = (("unshare", "--map-root-user", "--net"), ("unshare", "--net"))
"""What runs behind one reaches no network. The second needs root, and does where user namespaces are forbidden."""
_SECURITY, _UPDATE = "Office.Common/Security/Scripting", "Office.Writer/Content/Update"
_PROFILE = "".join(
    f'<item oor:path="/org.openoffice.{path}"><prop oor:name="{name}" oor:op="fuse">'
    f"<value>{value}</value></prop></item>"
    for path, name, value in (
        (_SECURITY, "DisableMacrosExecution", "true"),
        (_SECURITY, "MacroSecurityLevel", "3"),
        # A document may name files of this machine as its pictures, and the PDF would show them.
        (_SECURITY, "BlockUntrustedRefererLinks", "true"),
        (_UPDATE, "Link", "0"),
    )
)


def shield() -> tuple[str, ...]:
    """The command behind which nothing reaches the network; empty if this machine has none."""
    for each in _SHIELDS:
        if shutil.which(each[0]) and subprocess.run([*each, "true"], capture_output=True).returncode == 0:
            return each
    return ()


def pdf_of(document: Path, folder: Path) -> Path:
    """Makes the PDF in a folder of its own. Raises FileRefused: no LibreOffice, no shield, too slow, not opened."""
    if shutil.which("soffice") is None:
        raise FileRefused("no_office", {})
    if not (behind := shield()):
        raise FileRefused("no_shield", {})
    profile, out = folder / "profile", folder / "out"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(
        f'<oor:items xmlns:oor="http://openoffice.org/2001/registry">{_PROFILE}</oor:items>'
    )
    _run(
        [
            *behind, "prlimit", f"--as={MEMORY}", f"--fsize={LARGEST_FILE}", f"--cpu={SECONDS}",
            "soffice", "--headless", "--norestore", f"-env:UserInstallation={profile.as_uri()}",
            "--convert-to", "pdf:writer_pdf_Export", "--outdir", str(out), str(document),
        ],
        folder,
    )  # fmt: skip
    made = out / f"{document.stem}.pdf"
    if not made.exists():
        raise FileRefused("not_converted", {})
    return made


def _run(command: list[str], folder: Path) -> None:
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", "TMPDIR": str(folder)}
    nothing = subprocess.DEVNULL
    child = subprocess.Popen(
        command, env=env, cwd=folder, stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True
    )
    try:
        child.wait(SECONDS)
    except subprocess.TimeoutExpired:
        raise FileRefused("too_slow", {}) from None
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)  # it is two programs, and the one we started may be gone first
        child.wait()
