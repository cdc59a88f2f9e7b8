import re

from sdbr.workflows.report.chart import SteadinessNote, draw_chart


def test_the_curve_of_a_clip_reaches_from_edge_to_edge():
    note = SteadinessNote(0.002, 0.001, None, ((2, 0.001), (12, 0.004)), (1, 12), 2)
    svg = draw_chart(note, 12)
    width, height = map(int, re.search(r'viewBox="0 0 (\d+) (\d+)"', svg).groups())
    assert [float(x) for x in re.findall(r'class="key" x1="([\d.]+)"', svg)] == [0, width]
    points = re.search(r'points="([^"]+)"', svg)[1].split()
    (left, low), (right, high) = (map(float, point.split(",")) for point in points)
    assert (left, right) == (round(width / 11, 1), width)
    assert 0 < high < low < height


def test_what_moving_things_lack_hangs_from_the_top():
    curve = ((2, 0.001), (12, 0.004))
    ghosts = ((2, 0.0), (7, 0.5), (12, 1.0))
    svg = draw_chart(SteadinessNote(0.002, 0.001, None, curve, (1, 12), 2, ghosts), 12)
    down = [float(y) for y in re.findall(r'class="ghost"[^>]+y2="([\d.]+)"', svg)]
    assert down == [0, down[2] / 2, 78]
