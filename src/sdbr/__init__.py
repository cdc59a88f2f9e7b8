"""Pictures and video with Stability AI's models on Amazon Bedrock.

From a terminal: `sdbr --help`. From Python: `sdbr.txt2img("a fox").image`, and docs/python.md.
"""

__version__ = "0.1.0"

# What is here is loaded when it is first used; __init__.pyi tells its types.
_HOMES = {
    "api.session": (
        *("Session", "edit", "estimate", "img2gif", "img2img", "txt2img", "upscale", "vid2vid"),
    ),
    "api.results": ("Result", "Results"),
    "generation.estimate": ("Estimate",),
    "request": ("ImageRequest",),
    "emulator": ("Emulator", "Faults"),
    "errors": (
        *("AccessProblem", "InputProblem", "OverBudget", "PartlyDone", "Refused", "SdbrError"),
        *("ServiceProblem", "UsageProblem"),
    ),
}


def __getattr__(name: str) -> object:
    for home, names in _HOMES.items():
        if name in names:
            from importlib import import_module

            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *(name for names in _HOMES.values() for name in names)]
