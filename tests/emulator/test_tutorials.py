from __future__ import annotations

import runpy
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from PIL import Image

from sdbr.emulator import Emulator

TUTORIALS = sorted((Path(__file__).parent / "tutorials").glob("*.py"))


@pytest.mark.bedrock_emulator(allow_retired=True)
@pytest.mark.parametrize("script", TUTORIALS, ids=lambda it: it.stem)
def test_a_tutorials_script_runs_as_it_stands(
    bedrock_emulator: Emulator, script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(script))
    with Image.open("picture.png") as picture:
        assert picture.size == (1216, 832)
    assert bedrock_emulator.pictures_made == 1


@pytest.mark.usefixtures("bedrock_emulator")
@pytest.mark.parametrize("script", TUTORIALS, ids=lambda it: it.stem)
def test_unasked_it_refuses_their_models_as_bedrock_does(script: Path) -> None:
    with pytest.raises(ClientError, match="reached the end of its life"):
        runpy.run_path(str(script))
