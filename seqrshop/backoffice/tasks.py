"""The Celery tasks of the back office."""

from celery import shared_task

from orders.clock import database_now
from orders.menu_file.sources import forget_old_imports
from payments.tasks import enqueue
from seqrshop.backoffice.bulk.jobs import forget_old_jobs, jobs_to_resume, run_job
from seqrshop.backoffice.codes import print_files
from seqrshop.backoffice.planned_prices import apply_planned_prices


@shared_task
def run_bulk_job(job_id: int) -> None:
    """Carry out a part of an action over many rows, and enqueue the rest."""
    if run_job(job_id):
        enqueue(run_bulk_job, job_id)


@shared_task
def resume_bulk_jobs() -> None:
    """Enqueue the jobs and print files that a lost message or a killed process has left."""
    for job_id in jobs_to_resume():
        enqueue(run_bulk_job, job_id)
    for file_id in print_files.files_to_resume():
        enqueue(make_print_file, file_id)


@shared_task
def make_print_file(file_id: int) -> None:
    """Make a file of codes for a printer."""
    print_files.make_print_file(file_id)


@shared_task
def forget_menu_imports() -> None:
    """Delete the uploaded menus that nobody has applied."""
    forget_old_imports()


@shared_task
def forget_finished_work() -> None:
    """Delete actions over many rows and print files that nobody needs any more."""
    forget_old_jobs()
    print_files.forget_old_files()


@shared_task
def apply_prices() -> None:
    """Apply the planned prices whose time has come."""
    apply_planned_prices(database_now())
