"""The tasks that Beat and the processes enqueue by name: each is known to Celery."""

from seqrshop.celery import app

TASKS = {
    "payments.tasks": (
        "advance_period",
        "advance_periods",
        "answer_loyalty_cards",
        "cancel_overdue_invoice",
        "check_audit_marker",
        "count_scans",
        "count_takings",
        "deliver_exports",
        "digest_audit",
        "erase_customers",
        "extend_audit",
        "finish_cancel",
        "forget_sessions",
        "make_delivery",
        "mark_interrupted_refund_unknown",
        "open_unconfirmed_case",
        "probe_payments",
        "repeat_late_query",
        "retire_terminals",
        "run_recovery",
        "send_invoice",
        "send_invoices",
        "send_mails",
        "send_refund",
        "submit_receipts",
    ),
    "seqrshop.backoffice.tasks": (
        "apply_prices",
        "forget_finished_work",
        "forget_menu_imports",
        "make_print_file",
        "resume_bulk_jobs",
        "run_bulk_job",
    ),
    "seqrshop.storefront.tasks": ("mail_receipt",),
}


def test_celery_knows_each_task_by_its_name() -> None:
    app.loader.import_default_modules()
    others = ("celery.", "tests.")  # Celery's own, and those that tests define

    known = {name for name in app.tasks if not name.startswith(others)}

    assert known == {f"{module}.{name}" for module, names in TASKS.items() for name in names}
