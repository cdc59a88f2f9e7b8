"""One palette for a whole animation, and its frames drawn with it (libavfilter's algorithms)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import av
from av import VideoFrame
from av.filter import Graph
from av.filter.context import FilterContext

_DITHERS = {
    "none": "none",
    "bayer": "bayer:bayer_scale=4",
    "floyd": "floyd_steinberg",
    "sierra": "sierra2_4a",
}
DITHERS = ("auto", *_DITHERS)


def palette_of(pictures: Iterable[VideoFrame], colours: int) -> VideoFrame:
    """Return the best palette of `colours` entries for all BGRA pictures together.

    One entry stays transparent: unchanged parts of a frame are drawn with it.
    """
    graph: Graph | None = None
    for picture in pictures:
        if graph is None:
            graph = _palette_graph(picture, colours)
        graph.push(picture)
    if graph is None:
        raise ValueError("no picture")
    graph.push(None)
    return graph.vpull()


def drawn(pictures: Iterable[VideoFrame], palette: VideoFrame, dither: str) -> Iterator[VideoFrame]:
    """Yield the BGRA pictures in the palette's colours (pal8), in order.

    `dither` is none, bayer, floyd or sierra.
    """
    graph: Graph | None = None
    for picture in pictures:
        if graph is None:
            graph = _drawing_graph(picture, palette, dither)
            graph.push(palette, at=1)
            graph.push(None, at=1)
        graph.push(picture, at=0)
        yield from _pulled(graph)
    if graph is not None:
        graph.push(None, at=0)
        yield from _pulled(graph)


def _palette_graph(picture: VideoFrame, colours: int) -> Graph:
    graph = Graph()
    options = f"max_colors={colours}:reserve_transparent=1:stats_mode=full"
    steps = (_source(graph, picture), graph.add("palettegen", options), graph.add("buffersink"))
    graph.link_nodes(*steps).configure()
    return graph


def _drawing_graph(picture: VideoFrame, palette: VideoFrame, dither: str) -> Graph:
    graph = Graph()
    pictures, colours = _source(graph, picture), _source(graph, palette, like=picture)
    options = f"dither={_DITHERS[dither]}:diff_mode=rectangle:alpha_threshold=128"
    use = graph.add("paletteuse", options)
    pictures.link_to(use, 0, 0)
    colours.link_to(use, 0, 1)
    use.link_to(graph.add("buffersink"))
    graph.configure()
    return graph


def _source(graph: Graph, frame: VideoFrame, like: VideoFrame | None = None) -> FilterContext:
    tick = (like or frame).time_base
    return graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=tick
    )


def _pulled(graph: Graph) -> Iterator[VideoFrame]:
    while True:
        try:
            yield graph.vpull()
        except (av.BlockingIOError, av.EOFError):
            return
