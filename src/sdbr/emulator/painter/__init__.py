"""Pictures in the place of the model's: each depends on its order alone."""

from sdbr.emulator.painter.paint import paint

__all__ = ["paint"]
