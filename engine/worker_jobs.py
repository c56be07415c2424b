"""What the engine's process does for the window: run a document, or tidy up after a run that was ended by force."""

from __future__ import annotations

from engine.checkpoints.staging import Staging
from engine.checkpoints.staging_folder import name_staging
from engine.command_line.crash_log import save_crash
from engine.document.storage import parse_document
from engine.errors import Cancelled, EngineError
from engine.events import Listener
from engine.execution.device import list_devices  # noqa: TID253  (this module is only imported to compute)
from engine.execution.stop import Stop  # noqa: TID253  (see above)
from engine.planning.check import check_document
from engine.planning.plan import Plan
from engine.report.publish import run_plan  # noqa: TID253  (see above)
from engine.worker_messages import Job, Outcome, RunJob, TidyJob

__all__ = ["describe_fault", "list_devices", "run_job", "tidy_job"]


def run_job(job: RunJob, stop: Stop, listener: Listener) -> Outcome:
    """Run a document and return how that ended; nothing escapes, for the window must hear of it."""
    try:
        plan = _make_plan(job)
        if isinstance(plan, Outcome):
            return plan
        stop.check()
        return Outcome("done", result=run_plan(plan, listener, stop))
    except EngineError as error:
        if isinstance(error, Cancelled):
            kept = "What it had begun is kept." if job.options.keep_partial else "Nothing was written."
            return Outcome("stopped", f"The run was stopped. {kept}")
        return Outcome("failed", str(error), type(error).__name__, error.location)
    except MemoryError:
        return Outcome("failed", "There was not enough memory for the run. Close other programs, or set a smaller memory limit.")
    except Exception as fault:  # noqa: BLE001  (a fault of ours must reach the window, which shows where its traceback lies)
        return describe_fault(fault, job)


def tidy_job(job: TidyJob) -> Outcome:
    """Remove the staging folders of a run that was ended by force; what it had finished stays."""
    try:
        plan = _make_plan(job)
        if isinstance(plan, Plan) and not plan.options.keep_partial:
            _remove_stagings(plan)
    except EngineError as error:
        return Outcome("failed", str(error), type(error).__name__, error.location)
    except Exception as fault:  # noqa: BLE001  (as above)
        return describe_fault(fault, job)
    return Outcome("done")


def describe_fault(fault: Exception, job: Job) -> Outcome:
    """Return the outcome of a job that Weightloom itself failed at; its traceback is saved."""
    path = save_crash(fault, [f"job {job.job}", str(job.folder)])
    log = str(path or "")
    message = f"Weightloom itself failed: {type(fault).__name__}: {fault}. Your graph is unchanged."
    return Outcome("broken", message, log=log)


def _make_plan(job: RunJob | TidyJob) -> Plan | Outcome:
    verdict = check_document(parse_document(job.document), job.folder, job.options)
    if verdict.plan is None:
        return Outcome("refused", "The graph has problems that stop a run.", problems=verdict.problems)
    return verdict.plan


def _remove_stagings(plan: Plan) -> None:
    for target in plan.targets.values():
        if name_staging(target.resolve(), plan.hash).is_dir():
            Staging.open(target, plan.hash, plan.inputs, mode="restart", overwrite=plan.options.overwrite, flush=False).discard()
