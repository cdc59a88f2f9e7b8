"""Painted pictures, kept up to a number of bytes, so that a repeated request costs nothing."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict

from sdbr.emulator.painter.order import Order


class PictureCache:
    """Paints orders; as many at once as there are processors, the rest wait their turn."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._painters = threading.BoundedSemaphore(os.cpu_count() or 1)
        self._pictures: OrderedDict[bytes, bytes] = OrderedDict()
        self._bytes = 0

    def paint(self, order: Order) -> bytes:
        """The picture of an order. Raises Unreadable when an image of the order is none."""
        from sdbr.emulator.painter import paint

        key = order.digest()
        kept = self._find(key)
        if kept is not None:
            return kept
        with self._painters:
            kept = self._find(key)
            return kept if kept is not None else self._keep(key, paint(order))

    def _find(self, key: bytes) -> bytes | None:
        with self._lock:
            picture = self._pictures.get(key)
            if picture is not None:
                self._pictures.move_to_end(key)
            return picture

    def _keep(self, key: bytes, picture: bytes) -> bytes:
        with self._lock:
            if key not in self._pictures:
                self._pictures[key] = picture
                self._bytes += len(picture)
            while self._bytes > self._max_bytes and self._pictures:
                _, oldest = self._pictures.popitem(last=False)
                self._bytes -= len(oldest)
        return picture
