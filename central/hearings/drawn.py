"""A signature as it was drawn on the pad: a PNG, looked at before it is believed to be one."""

import base64
import binascii
import struct
import zlib

from central.web.refused import Refused

_HEAD = "data:image/png;base64,"
_MAGIC = b"\x89PNG\r\n\x1a\n"
_MOST = 200_000
_WIDEST, _HIGHEST = 1600, 800
_GREY_ALPHA, _RGB, _RGBA = 4, 2, 6
_CHANNELS = {_GREY_ALPHA: 2, _RGB: 3, _RGBA: 4}


def png(told: str) -> bytes:
    """The bytes of what the pad sent; raises Refused: nothing was drawn, it is no image, or one too large."""
    try:
        data = base64.b64decode(told.removeprefix(_HEAD), validate=True) if told.startswith(_HEAD) else b""
    except binascii.Error:
        data = b""
    if not data:
        raise Refused("请先在签名板上签名。", code="not_drawn", status=422)
    if len(data) > _MOST or not _is_whole(data):
        raise Refused("签名的图像不对，请清除后重签。", code="bad_drawing", status=422)
    return data


def _is_whole(data: bytes) -> bool:
    """Whether it is a PNG of one layer whose every chunk and every row is there."""
    if not data.startswith(_MAGIC):
        return False
    at, packed, size = len(_MAGIC), b"", 0
    while at + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        body = data[at + 8 : at + 8 + length]
        if data[at + 8 + length : at + 12 + length] != struct.pack(">I", zlib.crc32(kind + body)):
            return False
        if kind == b"IHDR":
            size = _size(body)
        elif kind == b"IDAT":
            packed += body
        elif kind == b"IEND":
            return size > 0 and _unpacked(packed, size) == size
        at += 12 + length
    return False


def _size(header: bytes) -> int:
    """Bytes of all rows, 0 if it is none a pad makes."""
    if len(header) != struct.calcsize(">IIBBBBB"):
        return 0
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    plain = depth == 8 and colour in _CHANNELS and not interlaced
    return height * (1 + width * _CHANNELS[colour]) if plain and width <= _WIDEST and height <= _HIGHEST else 0


def _unpacked(packed: bytes, most: int) -> int:
    try:
        return len(zlib.decompressobj().decompress(packed, most + 1))
    except zlib.error:
        return -1
