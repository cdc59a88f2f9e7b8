import pytest

from sdbr.bedrock.validation import ASPECTS
from sdbr.request import Size
from sdbr.workflows.look import nearest_aspect


@pytest.mark.parametrize("aspect", ASPECTS)
def test_a_size_about_a_ratio_is_drawn_at_that_ratio(aspect):
    width, height = map(int, aspect.split(":"))
    for scale, more in ((64, 0), (100, 5), (37, -3)):
        assert nearest_aspect(Size(width * scale + more, height * scale)) == aspect
