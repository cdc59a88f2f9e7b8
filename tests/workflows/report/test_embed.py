import numpy as np
import pytest

from sdbr.workflows.report.embed import pack


def unpacked(text, size):
    """What the page's script makes of the text: seven bits a letter, `size` bytes of it."""
    codes = np.array([ord(letter) & 127 for letter in text], np.uint8)
    bits = np.unpackbits(codes[:, None], axis=1)[:, 1:]
    return np.packbits(bits.reshape(-1)).tobytes()[:size]


@pytest.mark.parametrize("size", [0, 1, 6, 7, 8, 255, 7 * 65_536 + 3])
def test_packed_bytes_come_back_and_cost_a_sixth(size):
    data = np.random.default_rng(size).integers(0, 256, size, np.uint8).tobytes()
    text = b"".join(pack(data))
    assert unpacked(text.decode(), size) == data
    assert not set(text) & set(b"\0\r<")
    assert len(text) <= 1.17 * size + 20


def test_every_byte_value_survives_packing():
    data = bytes(range(256)) * 7
    assert unpacked(b"".join(pack(data)).decode(), len(data)) == data
