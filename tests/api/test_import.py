import re
import subprocess
import sys
from pathlib import Path

import pytest

import sdbr

STUB = Path(sdbr.__file__).with_suffix(".pyi").read_text("utf-8")


def test_importing_sdbr_loads_nothing_else():
    program = "import sys; before = set(sys.modules); import sdbr; print(set(sys.modules) - before)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ran.stdout == "{'sdbr'}\n", ran.stderr


def test_the_names_that_editors_see_are_those_that_are_there():
    typed = set(re.findall(r" as (\w+)$", STUB, re.M))
    assert typed <= set(dir(sdbr))
    homes = {name for names in sdbr._HOMES.values() for name in names}
    assert typed == homes
    assert all(getattr(sdbr, name) is not None for name in typed)
    with pytest.raises(AttributeError, match="no attribute 'txt2image'"):
        _ = sdbr.txt2image
