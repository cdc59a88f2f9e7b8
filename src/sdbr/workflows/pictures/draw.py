"""Draw single pictures: their plan, and the work that draws and writes them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path

from sdbr.bedrock import body
from sdbr.bedrock.families import seed_within
from sdbr.concurrency import map_ordered
from sdbr.errors import SdbrError, UsageProblem
from sdbr.files import write_whole
from sdbr.generation.estimate import Estimate, default_strengths, estimate
from sdbr.generation.generate import KeyedRequest
from sdbr.generation.stack import Resources, RunSession
from sdbr.media import metadata
from sdbr.media.formats import sniff
from sdbr.request import Model
from sdbr.store.open_runs import drawn_seeds, open_run
from sdbr.workflows.enlargement import enlargement_remarks
from sdbr.workflows.failures import Failures, ends_the_run
from sdbr.workflows.lines import PlanLine, ResultLine
from sdbr.workflows.look import style_remarks
from sdbr.workflows.names import check_template
from sdbr.workflows.outputs import FORMATS, check_free, refuse_empty, refuse_two_names
from sdbr.workflows.pictures import finish
from sdbr.workflows.pictures.job import Job, JobResult, slots_of
from sdbr.workflows.progress import Phase, RunProgress, expected_seconds
from sdbr.workflows.provenance.claim import signature_of
from sdbr.workflows.run import Results, RunPlan, Setup, run
from sdbr.workflows.verdict import Verdicts, picture_verdict
from sdbr.workspace import write_unique


def deliver(
    command: str,
    jobs: Sequence[Job],
    setup: Setup,
    *,
    sheet: bool = False,
    failed: Sequence[SdbrError] = (),
) -> None:
    """Draw `jobs` and print what was written, one line each, in order.

    `sheet` lays the results out on a contact sheet as well; `failed` is why some inputs have no
    jobs. Raises SdbrError.
    """
    resources, output = setup.resources, setup.output
    if output.to == "-" and sys.stdout is not None and sys.stdout.isatty():
        raise UsageProblem(
            "Refusing to write a picture to the terminal. Add > picture.png, or -o with a file."
        )
    jobs = job_targets(jobs, output.to, output.name)
    if setup.dry_run:
        plan = make_plan(resources, with_seeds(jobs))
        work = PictureWork(command, plan, setup)
        run(RunPlan(command, "pictures", [work], plan.estimate, failed), setup)
        return
    if output.to == "-" and output.json:
        raise UsageProblem(
            "-o - writes the picture to stdout, where --json writes too. Leave out --json, or "
            "use -o with a file."
        )
    resources.workspace.prepare()
    # A run that was stopped finds its seeds again by the same command; one that ended does not.
    wanted = [f"{body.cache_key(job.request, resources.realm)} {job.slot}" for job in jobs]
    slots = slots_of(job.slot for job in jobs)
    note = open_run(resources.workspace.hidden / "runs", command, wanted, slots)
    plan = make_plan(resources, with_seeds(jobs, note.seeds))
    for job, key in zip(plan.jobs, plan.keys, strict=True):
        if job.target is not None:
            check_free(job.target, key, output.overwrite)
    places = (job.target.parent if job.target else job.folder for job in plan.jobs)
    folders = () if output.to == "-" else tuple(places)
    work = PictureWork(command, plan, setup)
    agreed = partial(note.need, plan.keys)
    sources = len(failed) + len({job.before for job in jobs})
    whole = RunPlan(
        command, "pictures", [work], plan.estimate, failed, sources=sources, agreed=agreed
    )
    run(replace(whole, folders=folders), setup)
    note.finish()
    if sheet:
        from sdbr.workflows.pictures.sheet import write_sheet

        setup.console.say(f"Sheet: {write_sheet(work.written)}")


def job_targets(jobs: Sequence[Job], to: str | None, name: str | None) -> list[Job]:
    """The jobs with their places, and their place in the run for {number} in their names.

    `to` is None, "-", a file for a single picture, or a folder; `name` is that of the flag. Raises
    UsageProblem, so that no picture is paid for that cannot be written.
    """
    folder, target = _output_place(to, name, len(jobs))
    digits = len(str(len(jobs)))
    names = [job.name.replace("{number}", f"{n:0{digits}}") for n, job in enumerate(jobs, 1)]
    for name, job in zip(names, jobs, strict=True):
        check_template(name, (flag for flag, _ in job.flags), over_input=job.before is not None)
    return [
        replace(job, name=name, folder=folder or job.folder, target=target)
        for name, job in zip(names, jobs, strict=True)
    ]


def _output_place(to: str | None, name: str | None, count: int) -> tuple[Path | None, Path | None]:
    """The folder, or the exact path, that --output names for `count` pictures."""
    refuse_empty(to, name)
    if to is None:
        return None, None
    path = None if to == "-" else Path(to)
    if path and (to.endswith(("/", os.sep)) or path.is_dir() or not path.suffix):
        return path, None
    if path and path.suffix.lower() not in FORMATS:
        raise UsageProblem(
            f"--output is '{to}': use a name that ends in .png, .jpg or .webp, or a folder."
        )
    refuse_two_names(to, name)
    if count != 1:
        where = to if path else "stdout"
        raise UsageProblem(f"{count} pictures cannot be written to {where}. Use -o with a folder.")
    return None, path


@dataclass(frozen=True, slots=True)
class PicturePlan:
    """Jobs that were checked and priced; `keys` are their requests' names, in the same order."""

    jobs: tuple[Job, ...]
    keys: tuple[str, ...]
    estimate: Estimate


def with_seeds(jobs: Sequence[Job], drawn: Sequence[int] | None = None) -> list[Job]:
    """The jobs with a seed each: their own, or the one `drawn` (or drawn now) for their slot."""
    seeds = drawn or drawn_seeds(slots_of(job.slot for job in jobs))
    return [job if job.slot is None else with_seed(job, seeds[job.slot]) for job in jobs]


def with_seed(job: Job, seed: int) -> Job:
    """The job with its seed; beyond the largest one seeds begin again at 1."""
    within = seed_within(job.request.model, seed)
    return replace(job, request=replace(job.request, seed=within))


def make_plan(resources: Resources, jobs: Iterable[Job]) -> PicturePlan:
    """Check every request and price what is not in the cache. Raises UsageProblem."""
    planned = tuple(jobs)
    for job in planned:
        body.check(job.request, resources.models)
    keys = tuple(body.cache_key(job.request, resources.realm) for job in planned)
    requests = zip(keys, (job.request for job in planned), strict=True)
    price = estimate(requests, resources.paid_for, billed=resources.realm == "aws")
    # What was chosen for the user and shapes the result.
    silent = (job.request.strength for job in planned if "strength" not in dict(job.flags))
    models = dict.fromkeys(job.request.model for job in planned)
    sizes = ((j.finish.placement.source, j.request.model) for j in planned if j.finish.placement)
    styles = style_remarks((dict(job.flags).get("style"), job.request) for job in planned)
    remarks = (*default_strengths(silent), *styles, *ended_remarks(models))
    remarks = (*remarks, *enlargement_remarks(sizes))
    return PicturePlan(planned, keys, replace(price, remarks=remarks))


def ended_remarks(models: Iterable[Model]) -> tuple[str, ...]:
    """That Bedrock answers no more for a model, said with the price."""
    today = date.today()
    gone = [model for model in models if model.lifecycle.ended(today)]
    return tuple(f"{model.title} was retired on {model.lifecycle.end}" for model in gone)


@dataclass(slots=True)
class PictureWork:
    """All pictures of a run, drawn many at once; `written` are the jobs done and their files.

    `told` are notes that are said once, however many pictures they are true of.
    """

    command: str
    wanted: PicturePlan
    setup: Setup
    written: list[tuple[Job, Path]] = field(default_factory=list)
    failures: Failures = field(init=False)
    told: set[str] = field(default_factory=set)
    verdicts: Verdicts = field(default_factory=Verdicts)
    name: str = ""

    def __post_init__(self) -> None:
        self.failures = Failures(total=len(self.wanted.jobs))

    @property
    def summary(self) -> str:
        """How many of the pictures are there."""
        return f"{self.failures.done} of {self.failures.total} done"

    def plan(self) -> Iterator[PlanLine]:
        """Each request, with its key."""
        for job, key in zip(self.wanted.jobs, self.wanted.keys, strict=True):
            yield PlanLine(job.request, job.target, job.before, more={"key": key})

    def draw(self, session: RunSession) -> Results:
        """Draw all jobs and yield each as it is written, in order.

        After a failure the others are kept. Raises, at the end: the failure that stopped the run,
        or PartlyDone where some pictures failed by themselves.
        """
        console, policy = self.setup.console, self.setup.resources.on_filtered
        count, workers = len(self.wanted.jobs), self.setup.resources.effort.workers
        name = "pictures" if count > 1 else "picture"
        each = expected_seconds(session, self.wanted.jobs[0].request.model)
        progress = RunProgress([Phase(name, count, each, workers)], session.budget)
        with console.status(progress.line):
            for outcome in self._outcomes(progress.watch(session, name)):
                if isinstance(outcome, SdbrError):
                    self.failures.add(outcome, fatal=ends_the_run(outcome, policy))
                    continue
                result = self._write(outcome)
                self.failures.done += 1
                yield result
        for line in self.verdicts.lines():
            console.say(line)
        self.failures.raise_at_end()

    def _outcomes(self, session: RunSession) -> Iterator[JobResult | SdbrError]:
        resources, failures = self.setup.resources, self.failures
        signature = signature_of(resources)

        def work(wanted: tuple[Job, str]) -> JobResult | SdbrError:
            job, key = wanted
            try:
                picture = session.generate(KeyedRequest(job.request, key))
                told = (self.command, resources.realm, resources.provenance, signature)
                data, record = finish.file_bytes(job, picture, *told)
                seen = picture_verdict(picture.data, job.request)
                # The model's own bytes are in the cache; while the file waits to be written it is
                # held once, not twice.
                return JobResult(job, replace(picture, data=b""), data, record, *seen)
            except SdbrError as error:
                hopeless = failures.hopeless(resources.effort.workers)
                if hopeless or ends_the_run(error, resources.on_filtered):
                    session.stop.set()
                return error
            except BaseException:
                session.stop.set()
                raise

        keyed = list(zip(self.wanted.jobs, self.wanted.keys, strict=True))
        workers = min(resources.effort.workers, len(keyed))
        return map_ordered(work, keyed, workers=workers, stop=session.stop)

    def _write(self, drawn: JobResult) -> ResultLine:
        job, picture = drawn.job, drawn.picture
        path = None
        if self.setup.output.to != "-":
            signed = self.setup.resources.signing_key is not None
            path = _place(drawn, finish.holds_signed if signed else None)
            self.written.append((job, path))
            if drawn.record:
                beside = metadata.sidecar(path)
                write_whole(beside, drawn.record.encode())
                note = f"{path.name} has content credentials, so the record is in {beside.name}."
                self.setup.console.say(note)
        if job.treatment:
            self.setup.console.detail(f"{job.inputs[0].name}: {'; '.join(job.treatment)}")
        found = sniff(drawn.data)
        if job.finish.size not in (None, picture.size):
            note = f"Generated at {picture.size}, resized to --size {job.finish.size}."
            if note not in self.told:
                self.setup.console.say(note)
            self.told.add(note)
        price = None if picture.price is None else Decimal(picture.price)
        strength = job.request.strength
        word = self.verdicts.add(drawn.word, drawn.small, picture.key, strength)
        return ResultLine(
            path,
            job.request,
            picture.seed,
            found.size if found else picture.size,
            price,
            cost=Decimal(0) if picture.cached else price,
            source=job.before,
            more={"cached": picture.cached, "key": picture.key, "verdict": word},
            data=drawn.data,
        )


def _place(drawn: JobResult, holds: Callable[[Path, bytes], bool] | None) -> Path:
    job = drawn.job
    if job.target is not None:
        write_whole(job.target, drawn.data)
        return job.target
    stem = job.file_stem(drawn.picture.seed)
    return write_unique(drawn.data, job.folder, stem, finish.suffix(job.finish), holds)
