"""The commands whose results `dev/results.py` records; those of a scenario share a workspace.

A command that begins with "| " reads what the one before it printed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Scenario:
    """Commands that run one after another in a fresh workspace, with copies of `files`."""

    name: str
    commands: tuple[str, ...]
    files: tuple[Path, ...] = ()


SCENARIOS = (
    Scenario(
        "txt2img: models, styles, sizes",
        (
            "txt2img 'a fox in the snow' --seed 7",
            "txt2img 'a fox in the snow' --seed 7 --json",
            "txt2img 'a harbour' --seed 3 --model ultra --aspect 16:9 --negative 'people, text'",
            "txt2img 'a harbour' --seed 3 --model sd3.5 --size 800x600 --format jpeg --quality 80",
            "txt2img 'a harbour' --seed 3 --model quick --format webp --name 'the harbour'",
            "txt2img 'a harbour' --seed 3 --model core --style anime",
            "txt2img 'a harbour' --seed 3 --model sdxl",
            "txt2img 'a harbour' --seed 3 -o out/harbour.jpg",
            "txt2img 'a harbour' --seed 3 -o -",
            "txt2img 'a boat' --seed 3 --look woodcut --dry-run",
        ),
    ),
    Scenario(
        "txt2img: many",
        (
            "txt2img 'a {red|blue} fox' --seed 1..2 --sheet",
            "txt2img --prompts prompts.txt --seed 4 --count 2 --json",
            "txt2img 'a dog' --seed 3 --count 3 --dry-run",
            "txt2img 'a dog' --seed 3 --count 3 --dry-run --json",
            "txt2img 'a dog' --seed 3 --count 3 --max-cost 0.05 --workers 1",
            "txt2img 'a dog' --seed 3 --steps 20",
        ),
    ),
    Scenario(
        "img2img: inputs",
        (
            "img2img photo.png 'as a woodcut' --seed 1",
            "img2img turned.jpg cutout.png 'as a woodcut' --seed 1 --json",
            "img2img cutout.png 'watercolor' --seed 1 --background '#204060' --fit cover",
            "img2img photo.png 'oil painting' --seed 1 --strength 0.2..0.8..0.3 --sheet",
            "img2img photo.png ink --seed 2 --size 200x100 --fit stretch --format jpeg",
            "img2img photo.png 'a harbour' --seed 2 --look woodcut --dry-run --json",
            "img2img moving.gif missing.png ink --seed 2",
            "img2img photo.png ink --seed 2 -o out/ -v",
        ),
    ),
    Scenario(
        "img2img: models",
        (
            "img2img photo.png 'a valley' --seed 1 --model structure --strength 0.4",
            "img2img photo.png 'a valley' --seed 1 --model sketch --style line-art",
            "img2img turned.jpg 'a valley' --seed 1 --model style-guide",
            "img2img photo.png 'a valley' --seed 1 --model ultra",
            "img2img photo.png --seed 1 --model style-transfer --style-image style.png",
            "img2img photo.png 'a lake' --seed 1 --model inpaint --mask mask.png --invert-mask",
            "img2img photo.png --seed 1 --model erase --mask mask.png",
        ),
    ),
    Scenario(
        "a chain of pictures",
        (
            "txt2img 'a fox in the snow' --count 2 --seed 7",
            "| img2img - 'as a woodcut' --seed 1",
            "| vid2vid - watercolor --fps 4 --seed 1",
        ),
    ),
    Scenario(
        "upscale",
        (
            "upscale photo.png",
            "upscale cutout.png --how conservative --prompt 'a valley' --seed 1 --format jpeg",
            "upscale photo.png --how creative --prompt 'a valley' --seed 1 --dry-run --json",
        ),
    ),
    Scenario(
        "edit",
        (
            "edit cutout photo.png",
            "edit erase photo.png --mask mask.png --grow-mask 3 --seed 1",
            "edit erase cutout.png --seed 1 --json",
            "edit inpaint photo.png 'a red kite' --mask mask.png --seed 1",
            "edit outpaint photo.png --left 60 --up 30 --prompt 'a stormy sky' --seed 1",
            "edit recolor turned.jpg 'bright red' --find 'the ball' --seed 1",
            "edit replace photo.png 'a green box' --find 'the ball' --seed 1,2 --sheet",
        ),
    ),
    Scenario(
        "img2gif: motions of a still",
        (
            "img2gif photo.png ink --frames 4 --seed 1",
            "img2gif photo.png ink --frames 4 --seed 1 --motion ramp --strength 0.2..0.6 --hold 1",
            "img2gif photo.png ink --frames 4 --seed 1 --motion evolve --zoom 1.04 --ping-pong",
            "img2gif photo.png winter --frames 3 --seed 1 --to-prompt summer --crossfade 2",
            "img2gif photo.png winter --frames 3 --seed 1 --to-image style.png --sheet",
            "img2gif turned.jpg ink --frames 3 --seed 1 --motion evolve --pan 2,-1 --rotate 3",
        ),
    ),
    Scenario(
        "img2gif: formats",
        (
            "img2gif photo.png ink --frames 3 --seed 1 --format webp --loop 2 --width 200",
            "img2gif photo.png ink --frames 3 --seed 1 --format apng --width 200 --json",
            "img2gif photo.png ink --frames 3 --seed 1 --format mp4 --fps 6",
            "img2gif photo.png ink --frames 3 --seed 1 --colours 16 --dither bayer -o small.gif",
            "img2gif photo.png ink --frames 3 --seed 1 --max-size 20kB --no-keep-frames",
            "img2gif photo.png ink --frames 5 --seed 1 --dry-run",
            "img2gif photo.png ink --frames 5 --seed 1 --dry-run --json",
        ),
    ),
    Scenario(
        "img2gif: an animation",
        (
            "img2gif moving.gif anime --seed 1",
            "img2gif moving.gif anime --seed 1 --keyframes all --format webp --sheet",
            "img2gif moving.gif anime --seed 1 --keyframes every:2 --loop 0 --width 64 --json",
            "img2gif clip.mp4 anime --seed 1 --end 0.5 --fps 6",
            "img2gif moving.gif anime --seed 1 --test-frames 2",
            "img2gif moving.gif anime --seed 1 --dry-run --json",
        ),
    ),
    Scenario(
        "vid2vid: keyframes",
        (
            "vid2vid clip.mp4 'as a woodcut' --seed 1 --dry-run",
            "vid2vid clip.mp4 'as a woodcut' --seed 1 --dry-run --json",
            "vid2vid clip.mp4 'as a woodcut' --seed 1",
            "vid2vid clip.mp4 'as a woodcut' --seed 1 --json",
            "vid2vid clip.mp4 watercolor --seed 1 --keyframes every:4 --crf 24 --no-audio",
            "vid2vid clip.mp4 watercolor --seed 1 --keyframes every:6 --seed-policy step",
        ),
    ),
    Scenario(
        "vid2vid: every frame",
        (
            "vid2vid clip.mp4 watercolor --seed 1 --keyframes all --yes",
            "vid2vid clip.mp4 watercolor --seed 1 --keyframes all --steady off --yes --sheet",
            "vid2vid clip.mp4 watercolor --seed 1 --keyframes all",
        ),
    ),
    Scenario(
        "vid2vid: feedback",
        (
            "vid2vid clip.mp4 ink --seed 1 --keyframes every:4 --init from-previous --feedback 0.4",
            "vid2vid clip.mp4 ink --seed 1 --keyframes every:6 --max-flicker 0.5",
        ),
    ),
    Scenario(
        "vid2vid: looking before",
        (
            "vid2vid clip.mp4 ink --seed 1 --test-frames 3",
            "vid2vid clip.mp4 ink --seed 1 --review --json",
            "vid2vid clip.mp4 ink --seed 1 --redraw 2",
            "vid2vid clip.mp4 ink --seed 1 --unexplained 0.12 --model structure",
        ),
    ),
    Scenario(
        "vid2vid: containers",
        (
            "vid2vid clip.mp4 ink --seed 1 --end 0.75 --container gif",
            "vid2vid clip.mp4 ink --seed 1 --end 0.75 -o out/clip.webm",
            "vid2vid clip.mp4 ink --seed 1 --every 3 --container frames --frame-format jpeg",
            "vid2vid moving.gif ink --seed 1 --container mkv",
        ),
    ),
    Scenario(
        "looking after a picture",
        (
            "img2img photo.png 'as a woodcut' --seed 7 --strength 0.4",
            "inspect generate/img/photo-7.png photo.png",
            "inspect generate/img/ --json",
            "replay generate/img/photo-7.png",
            "replay generate/img/photo-7.png --prompt 'as an etching' --json",
            "replay generate/img/photo-7.png --strength 0.4,0.6 --dry-run",
            "ledger",
            "ledger --json",
            "ledger --by run --csv",
            "ledger --by send --json",
            "report",
            "report last -o last.html --side 320",
            "cache",
            "cache list",
            "cache list --json",
            "cache verify",
            "cache prune --all",
            "cache verify --json",
        ),
    ),
    Scenario(
        "looking after a clip",
        (
            "vid2vid clip.mp4 ink --seed 1 --keyframes every:9",
            "inspect generate/videos/clip.mp4",
            "inspect generate/videos/ --json",
            "flicker generate/videos/clip.mp4 --against clip.mp4",
            "flicker clip.mp4 --json",
            "replay generate/videos/clip.mp4",
            "replay generate/videos/clip.mp4 --strength 0.4 --json",
            "report",
            "ledger --by model",
        ),
    ),
    Scenario(
        "what can be used",
        (
            "models",
            "models --json",
            "models --all --task image-to-image",
            "config",
            "config --json",
            "doctor --offline",
            "txt2img 'a fox' --model sd9 --seed 1",
        ),
    ),
)

_PHOTOS = (
    "elephant-660x480.jpg",
    "landscape-exif6.jpg",
    "china-cmyk-640x427.jpg",
    "camera-gray-512.png",
    "fish-rgba-180x240.png",
    "rooftop-16bit-720x406.png",
    "flower-480x360.webp",
)
_CLIPS = {
    "flower-2997-aac.mp4": "--end 1s",
    "keyboard-rotated90.mp4": "--end 0.6s",
    "newtonscradle.gif": "--end 0.8s",
}


def on_media(folder: Path) -> tuple[Scenario, ...]:
    """The scenarios on real files: some photos, and three clips by three rules of keyframes."""
    photos = tuple(folder / "photos" / name for name in _PHOTOS)
    return (
        Scenario(
            "real photos",
            (
                f"img2img {' '.join(_PHOTOS)} 'oil painting' --seed 1 --json",
                f"img2img {_PHOTOS[0]} {_PHOTOS[1]} ink --seed 1 --model structure --format jpeg",
                f"img2gif {_PHOTOS[0]} winter --frames 4 --seed 1 --motion evolve --zoom 1.03",
                "inspect generate/img/ --json",
            ),
            photos,
        ),
        *(
            Scenario(
                f"real clip: {name}",
                (
                    f"vid2vid {name} watercolor --seed 1 {part} --json",
                    f"vid2vid {name} watercolor --seed 1 {part} --keyframes every:8",
                    f"vid2vid {name} watercolor --seed 1 {part} --keyframes all --yes",
                ),
                (folder / "clips" / name,),
            )
            for name, part in _CLIPS.items()
        ),
    )
