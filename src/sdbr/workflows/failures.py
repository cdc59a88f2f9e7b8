"""Which failure ends a run, what is said of those that do not, and what a refused frame shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from sdbr.errors import Interrupted, PartlyDone, Refused, SdbrError, ServiceProblem
from sdbr.generation.filter_policy import OnFiltered

Item = TypeVar("Item")
Shown = TypeVar("Shown")


def ends_the_run(error: SdbrError, policy: OnFiltered) -> bool:
    """Whether no other request of the run should be sent.

    A refusal ends it under `stop`; what the service could not do for one picture does not;
    anything else (access, money, files, usage) would meet the others as well.
    """
    if isinstance(error, Refused):
        return policy.how == "stop"
    return not isinstance(error, ServiceProblem)


def hold(pictures: Iterable[tuple[Item, Shown | None]]) -> Iterator[tuple[Item, Shown]]:
    """Each item with its picture; one without shows the picture before it.

    Before anything came, it shows the first picture that comes; nothing comes where there is none.
    """
    last: Shown | None = None
    waiting: list[Item] = []
    for item, picture in pictures:
        last = last if picture is None else picture
        waiting.append(item)
        if last is not None:
            yield from ((each, last) for each in waiting)
            waiting.clear()


@dataclass(slots=True)
class Failures:
    """What went wrong in a run of `total` pictures, `done` of which are made."""

    total: int
    done: int = 0
    fatal: SdbrError | None = None
    single: list[SdbrError] = field(default_factory=list)

    def add(self, error: SdbrError, *, fatal: bool) -> None:
        """Remember one failure; being stopped because of another one is none."""
        if isinstance(error, Interrupted):
            return
        if fatal:
            self.fatal = self.fatal or error
        else:
            self.single.append(error)

    @property
    def any(self) -> bool:
        """Whether anything went wrong."""
        return self.fatal is not None or bool(self.single)

    def hopeless(self, workers: int) -> bool:
        """Whether the service failed for so many pictures, and gave none, that it is down."""
        return self.done == 0 and len(self.single) >= workers

    def raise_at_end(self) -> None:
        """Raise what the run ends with, if anything; it says how many pictures are missing."""
        missing = self.total - self.done
        if missing == 0:
            return
        be, total = "is" if missing == 1 else "are", self.total
        missing_part = f"{missing} of {total} pictures {be} missing. " if total > 1 else ""
        error = self.fatal or next(iter(self.single), None)
        if error is None:
            raise explain_interruption(self.done, self.total)
        if self.fatal is None and self.done:
            raise PartlyDone(f"{missing_part}{error} Run the same command again for the rest.")
        error.args = (f"{missing_part}{error}",)
        raise error


def explain_interruption(done: int, total: int) -> Interrupted:
    """The error of a run that the user stopped, with what there is of it."""
    return Interrupted(
        f"Interrupted after {done} of {total} pictures; they are saved. Run the same command "
        "again to continue."
    )
