from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from sdbr.workflows.provenance.read import Ancestor
from sdbr.workflows.report.before_after import show_before_after
from sdbr.workflows.report.embed import MediaStore
from sdbr.workflows.report.results import ReportedResult
from tests.media.made_clips import Film, make_film


@pytest.mark.parametrize(("sounds", "offered"), [(("aac",), True), ((), False)])
def test_sound_is_offered_where_the_result_has_any(tmp_path, sounds, offered):
    source = make_film(tmp_path / "source.mp4", Film())
    path = make_film(tmp_path / "result.mp4", Film(sounds=sounds))
    used = Ancestor(source.name, source, "init_image", {})
    result = ReportedResult(
        path, Ancestor(path.name, path, "", {"frames": 8}, (used,)), datetime.now(UTC)
    )
    html = show_before_after(result, SimpleNamespace(media=MediaStore(640)))
    assert 'class="play"' in html
    assert ('class="sound"' in html) is offered
