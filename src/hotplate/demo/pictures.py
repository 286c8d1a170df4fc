"""Pictures: the Mandelbrot set, point by point, and the curves that a wheel draws which rolls within a ring."""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterable, Sequence
from typing import Annotated

from msgspec import Meta

from .. import Image, Namespace, progress

pictures = Namespace("pictures")

Pixels = Annotated[int, Meta(ge=16, le=2_000, description="Width of the picture; its height is two thirds of that.")]
Depth = Annotated[int, Meta(ge=1, le=10_000, description="After so many steps a point counts as one that stays.")]
Magnification = Annotated[float, Meta(gt=0, le=1e12)]
Coordinate = Annotated[float, Meta(ge=-3, le=3)]
Teeth = Annotated[int, Meta(ge=2, le=500)]
Share = Annotated[float, Meta(gt=0, le=1, description="How far from the wheel's middle the pen is, of its radius.")]

_STEPS_PER_TOOTH = 4
_STAYS = 0


@pictures.job(timeout=600)
def mandelbrot(
    real: Coordinate = -0.75,
    imaginary: Coordinate = 0,
    zoom: Magnification = 1,
    width: Pixels = 600,
    depth: Depth = 200,
) -> Annotated[bytes, Image("image/png")]:
    """Draw the Mandelbrot set around a point: those c for which z² + c, begun with 0, stays small for ever."""
    height = width * 2 // 3
    step = 3 / (zoom * width)
    rows = []
    for y in progress(range(height), label="rows"):
        b = imaginary + (height / 2 - y - 0.5) * step
        rows.append(bytes(_shade(complex(real + (x + 0.5 - width / 2) * step, b), depth) for x in range(width)))
    return png(rows, PALETTE)


def _shade(c: complex, depth: int) -> int:
    """The number in the palette: after how many steps z leaves the circle of radius 2, on a logarithmic scale."""
    z = 0j
    for n in range(depth):
        z = z * z + c
        if z.real * z.real + z.imag * z.imag > 4:
            return 1 + int(24 * math.log2(n + 1)) % 255
    return _STAYS


def _colour(number: int) -> bytes:
    turn = 2 * math.pi * number / 255
    return bytes(round(127.5 - 127.5 * math.cos(turn + shift)) for shift in (0.9, 0.6, 0.0))


PALETTE = [b"\0\0\0", *(_colour(number) for number in range(255))]
"""Black for points that stay, then colours that go round in a circle: red, green and blue, a byte each."""


def png(rows: Sequence[bytes], palette: Iterable[bytes]) -> bytes:
    """A picture as PNG (https://www.w3.org/TR/png-3/): rows of numbers, a byte each, of colours in the palette."""
    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 3, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    chunks = ((b"IHDR", header), (b"PLTE", b"".join(palette)), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@pictures.method
def spirograph(ring: Teeth = 96, wheel: Teeth = 52, pen: Share = 0.8) -> Annotated[str, Image("image/svg+xml")]:
    """Draw the curve of a pen in a toothed wheel that rolls within a ring (a hypotrochoid), until it comes round."""
    ratio = wheel / ring
    turns = wheel // math.gcd(ring, wheel)
    steps = turns * ring * _STEPS_PER_TOOTH
    points = [_point(2 * math.pi * turns * n / steps, ratio, pen) for n in range(steps)]
    reach = max(math.hypot(x, y) for x, y in points) * 1.05
    path = "L".join(f"{100 * x / reach:.2f} {100 * y / reach:.2f}" for x, y in points)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="-100 -100 200 200">'
        f'<path d="M{path}Z" fill="none" stroke="#c2410c" stroke-width="0.5"/></svg>'
    )


def _point(angle: float, ratio: float, pen: float) -> tuple[float, float]:
    """Where the pen is when the wheel, `ratio` of the ring in size, has rolled by an angle."""
    middle, rolled = 1 - ratio, angle * (1 - ratio) / ratio
    return (
        middle * math.cos(angle) + pen * ratio * math.cos(rolled),
        middle * math.sin(angle) - pen * ratio * math.sin(rolled),
    )
