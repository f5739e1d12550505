"""PNGs of at most 256 colours, a third as large: in pictures of a page most pixels have one of few."""

import itertools
import struct
import zlib
from collections import Counter
from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOURS = 256
COMMON = 48  #: the most frequent are kept as they are: page, cards, inputs, text


def reduced(png: bytes) -> bytes:
    """Of a PNG as browsers write it: 8 bits, RGB or RGBA, not interlaced. Transparency is lost."""
    chunks = list(_chunks(png))
    width, height, bits, kind, *_, interlaced = struct.unpack(">IIBBBBB", chunks[0][1])
    assert (bits, kind in (2, 6), interlaced) == (8, True, 0)
    step = 3 if kind == 2 else 4
    data = zlib.decompress(b"".join(body for name, body in chunks if name == b"IDAT"))
    rows = [[row[at : at + 3] for at in range(0, len(row), step)] for row in _rows(data, width * step, step)]
    counted = Counter(pixel for row in rows for pixel in row)
    by_number = [pixel for pixel, _ in counted.most_common()]
    palette = next(
        found for near in itertools.count(1) if len(found := _apart(by_number, 8 << near)) <= COLOURS
    )
    place = {
        pixel: min(range(len(palette)), key=lambda at: _distance(palette[at], pixel)) for pixel in counted
    }
    body = b"".join(b"\0" + bytes(place[pixel] for pixel in row) for row in rows)
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    parts = ((b"IHDR", head), (b"PLTE", b"".join(palette)), (b"IDAT", zlib.compress(body, 9)), (b"IEND", b""))
    return SIGNATURE + b"".join(_chunk(name, data) for name, data in parts)


def _apart(pixels: list[bytes], near: int) -> list[bytes]:
    """Without those that are nearer than that to one before: a rare red is not lost to fifty greys."""
    found: list[bytes] = []
    for pixel in pixels:
        if len(found) < COMMON or all(_distance(pixel, other) > near for other in found):
            found.append(pixel)
            if len(found) > COLOURS:
                break
    return found


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        at += 12 + length


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _rows(data: bytes, length: int, step: int) -> Iterator[bytes]:
    """Without their filters: a byte is written as what differs from the one left of it, above it, or both."""
    above = bytes(length)
    for at in range(0, len(data), length + 1):
        how, row = data[at], bytearray(data[at + 1 : at + 1 + length])
        if how == 2:
            row = bytearray((one + up) & 255 for one, up in zip(row, above, strict=True))
        elif how:
            for place in range(length):
                left = row[place - step] if place >= step else 0
                corner = above[place - step] if place >= step else 0
                row[place] = (row[place] + _guess(how, left, above[place], corner)) & 255
        above = bytes(row)
        yield above


def _guess(how: int, left: int, up: int, corner: int) -> int:
    if how == 1:
        return left
    if how == 3:
        return (left + up) // 2
    likely = left + up - corner
    return min((left, up, corner), key=lambda one: abs(likely - one))


def _distance(one: bytes, other: bytes) -> int:
    return (one[0] - other[0]) ** 2 + (one[1] - other[1]) ** 2 + (one[2] - other[2]) ** 2
