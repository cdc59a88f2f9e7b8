"""Pictures in the place of the model's: each depends on its order alone."""

from sdbr.emulator.painter.paint import paint
from sdbr.emulator.painter.restyle import restyle_ideal

__all__ = ["paint", "restyle_ideal"]
