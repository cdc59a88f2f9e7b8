import re

from sdbr.workflows.report.chart import SteadinessNote, draw_chart


def test_the_curve_of_a_clip_reaches_from_edge_to_edge():
    note = SteadinessNote(0.002, 0.001, None, ((2, 0.001), (12, 0.004)), (1, 12), None)
    svg = draw_chart(note, 12)
    width, height = map(int, re.search(r'viewBox="0 0 (\d+) (\d+)"', svg).groups())
    assert [float(x) for x in re.findall(r'class="key" x1="([\d.]+)"', svg)] == [0, width]
    points = re.search(r'points="([^"]+)"', svg)[1].split()
    (left, low), (right, high) = (map(float, point.split(",")) for point in points)
    assert (left, right) == (round(width / 11, 1), width)
    assert 0 < high < low < height
