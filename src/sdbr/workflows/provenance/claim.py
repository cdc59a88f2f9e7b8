"""What a signed result claims: the files that it was made from, with their own credentials."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from sdbr.generation.generate import KeyedRequest
from sdbr.generation.stack import Resources, RunSession
from sdbr.media import metadata
from sdbr.media.credentials.signing import Claim, Ingredient, sign_file
from sdbr.media.credentials.signing_key import SigningKey
from sdbr.media.metadata.xmp import DigitalSource
from sdbr.request import Picture
from sdbr.workflows.pictures.job import Input

_EDITED = ("clip", "init_image")
_SHAPING = ("mask", "style_image", "to_image", "protect", "only")
"""Roles of what a result is an edit of, and of what shaped it; all else is shown in it."""
_MOST_ANSWERS = 20  # Signed answers of a clip that are kept: each has some megabytes.


@dataclass(frozen=True, slots=True)
class Signature:
    """What the results of a run are signed with: the key, where inputs are noted, who answers."""

    key: SigningKey
    store: Path
    realm: str

    def claim(
        self,
        title: str,
        source: DigitalSource,
        inputs: Iterable[Input],
        answers: Iterable[bytes] = (),
    ) -> Claim:
        """The claim of the result called `title`; `answers` are the model's that are signed.

        An input that is no longer where it was is named without its credentials.
        """
        ingredients = tuple(self._ingredients(source, inputs, answers))
        return Claim(title, source, ingredients, emulated=self.realm != "aws")

    def seal(
        self,
        target: Path,
        source: DigitalSource,
        inputs: Iterable[Input],
        answers: Mapping[str, bytes],
        finished: Path,
    ) -> None:
        """Sign the `finished` file, which becomes `target`. Raises InputProblem."""
        signed = [answers[key] for key in sorted(answers)]
        claim = self.claim(target.name, source, inputs, signed)
        sign_file(finished, target.suffix.lower(), claim, self.key)

    def _ingredients(
        self, source: DigitalSource, inputs: Iterable[Input], answers: Iterable[bytes]
    ) -> Iterator[Ingredient]:
        from sdbr.workflows.prepare import find_original  # It imports Pillow.

        edited = False
        for one in inputs:
            found = find_original(one.sha256, self.store)
            if one.role in _EDITED and not edited:  # C2PA allows one parent.
                edited = True
                yield Ingredient(one.name, "parentOf", found)
            elif one.role in _SHAPING:
                yield Ingredient(one.name, "inputTo", found)
            else:
                yield Ingredient(one.name, "componentOf", found)
        for answer in answers:
            yield Ingredient(source.model, "componentOf" if edited else "parentOf", answer)
            edited = True


def signature_of(resources: Resources) -> Signature | None:
    """What the run signs with; None where it does not."""
    if resources.signing_key is None:
        return None
    store = resources.workspace.hidden / "inputs"
    return Signature(resources.signing_key, store, resources.realm)


def keep_signed(session: RunSession, answers: dict[str, bytes]) -> RunSession:
    """The session, which puts answers of the model that are signed into `answers`, by their key."""

    def generate(wanted: KeyedRequest) -> Picture:
        picture = session.generate(wanted)
        if len(answers) < _MOST_ANSWERS and metadata.is_signed(picture.data):
            answers[wanted.key] = picture.data
        return picture

    return replace(session, generate=generate)
