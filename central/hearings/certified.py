"""A signature by a person's own certificate: a detached CMS signature (PKCS#7), made where the key is, checked here.

OpenSSL checks it, so each form and algorithm it reads is taken. Whether a certificate was revoked is not asked: a
court's network reaches no authority. Nothing is asked of the network or the clock: the moment is passed in.
"""

import re
import subprocess
import tempfile
from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import NameOID

from central.web.refused import Refused

MOST_BYTES = 100_000
_STRONG = {"sha256", "sha384", "sha512", "sm3"}
_DIGEST = re.compile(r"digestAlgorithm:\s+algorithm: (\S+)")
"""As `openssl cms -print` tells it of each signer."""
_PATIENCE_S = 20
_SEPARATORS = re.compile(r"[@/|_]")
"""Authorities write `051@NAME@NUMBER@1` as a common name."""
_OTHER = (
    "签名和这份待签文件对不上：签的可能是别的文本、别人名下的待签文件，"
    "或者签名文件里没有带证书。请下载本人名下的待签文件重新签名。"
)


@dataclass(frozen=True)
class Certified:
    """Whose certificate signed, by whom it was issued, and the names it bears."""

    subject: str
    issuer: str
    names: Set[str]


def to_sign(hearing: str, number: int, key: str, text: str) -> bytes:
    """What a person signs: which text of which hearing, as whom, and its SHA-256.

    One line without an end, so that a program that turns line ends over signs the same.
    """
    return f"法庭笔录 庭审 {hearing} 第 {number} 份文本 签名人 {key} SHA-256 {text}".encode()


def check(content: bytes, signature: bytes, authorities: bytes, at: datetime) -> Certified:
    """Whose signature over `content` this is; `authorities` (PEM) are trusted, each of them, at that moment.

    Raises Refused: it is none, of other content, too weak, by a key not for signing, out of time, by a foreign issuer.
    """
    with tempfile.TemporaryDirectory(prefix="courtside-signature-") as name:
        folder = Path(name)
        for file, data in (("content", content), ("signature", signature), ("authorities", authorities)):
            (folder / file).write_bytes(data)
        form = "PEM" if signature.lstrip().startswith(b"-----BEGIN") else "DER"
        _must_be_strong(folder, form, len(signature))
        told = ("-in", "signature", "-inform", form, "-content", "content", "-out", "/dev/null")
        if _openssl(folder, "cms", "-verify", "-noverify", "-binary", *told, "-signer", "signer", "-certsout", "sent"):
            raise Refused(_OTHER, code="signature_of_other_text", status=422)
        signer = x509.load_pem_x509_certificate((folder / "signer").read_bytes())
        found = Certified(_name(signer.subject), _name(signer.issuer), _names(signer.subject))
        _must_be_good(signer, found, at)
        _must_be_trusted(folder, found, at)
    return found


def bears(found: Certified, name: str) -> bool:
    """Whether the certificate is that person's or body's."""
    return _plain(name) in found.names


def _must_be_strong(folder: Path, form: str, size: int) -> None:
    printed = folder / "printed"
    read = ("-in", "signature", "-inform", form, "-noout", "-print", "-out", "printed")
    if not size or size > MOST_BYTES or _openssl(folder, "cms", "-cmsout", *read):
        text = "这不是签名文件。请上传签名程序生成的 .p7s 文件（CMS/PKCS#7，DER 或 PEM）。"
        raise Refused(text, code="no_signature", status=422)
    digests = _DIGEST.findall(printed.read_text("utf-8", "replace"))
    if len(digests) != 1:
        raise Refused("签名文件里要正好有一个人的签名。", code="not_one_signer", status=422)
    if digests[0] not in _STRONG:
        text = "签名用的摘要算法 {name} 太弱，不能采用。请用 SHA-256 重新签名。"
        raise Refused(text, code="weak_signature", status=422, name=digests[0])


def _must_be_good(signer: x509.Certificate, found: Certified, at: datetime) -> None:
    begins, ends = signer.not_valid_before_utc, signer.not_valid_after_utc
    if at > ends:
        text = "“{name}”的证书已于 {at} 到期，不能再用来签名。"
        raise Refused(text, code="certificate_expired", status=422, name=found.subject, at=ends)
    if at < begins:
        text = "“{name}”的证书 {at} 才生效，现在还不能用来签名。"
        raise Refused(text, code="certificate_not_yet_valid", status=422, name=found.subject, at=begins)
    try:
        usage = signer.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return
    if not (usage.digital_signature or usage.content_commitment):
        text = "“{name}”的这张证书不是用来签名的（多半是加密证书）。请换成签名证书。"
        raise Refused(text, code="certificate_not_for_signing", status=422, name=found.subject)


def _must_be_trusted(folder: Path, found: Certified, at: datetime) -> None:
    """Any listed authority is an anchor; keys and digests on the way to it have to be of 112 bits or more."""
    moment = ("-attime", str(int(at.timestamp())), "-auth_level", "2", "-purpose", "any", "-partial_chain")
    trusted = ("-no-CApath", "-no-CAstore", "-CAfile", "authorities", "-untrusted", "sent")
    if _openssl(folder, "verify", *moment, *trusted, "signer"):
        text = "“{name}”的证书由“{issuer}”签发，它不在本院信任的证书颁发机构之列，或者证书链不成立。"
        raise Refused(text, code="issuer_not_trusted", status=422, name=found.subject, issuer=found.issuer)


def _openssl(folder: Path, *told: str) -> int:
    command = ["openssl", *told]
    try:
        return subprocess.run(command, cwd=folder, capture_output=True, timeout=_PATIENCE_S, check=False).returncode
    except (OSError, subprocess.TimeoutExpired) as error:
        text = "中心现在不能核对证书签名（openssl 没有安装或没有应答），什么也没有记下。请联系技术人员。"
        raise Refused(text, code="no_openssl", status=503) from error


def _values(name: x509.Name, *kinds: x509.ObjectIdentifier) -> list[str]:
    return [str(one.value) for kind in kinds for one in name.get_attributes_for_oid(kind)]


def _name(name: x509.Name) -> str:
    """For a person: the common name where there is one."""
    return next(iter(_values(name, NameOID.COMMON_NAME)), name.rfc4514_string())


def _names(name: x509.Name) -> Set[str]:
    whole = _values(name, NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME)
    parts = [part for one in _values(name, NameOID.COMMON_NAME) for part in _SEPARATORS.split(one)]
    full = "".join(_values(name, NameOID.SURNAME, NameOID.GIVEN_NAME))
    return {_plain(one) for one in (*whole, *parts, full)} - {""}


def _plain(name: str) -> str:
    return "".join(name.split()).casefold()
