"""What `make bench-web` computes from what it has measured."""

import gzip
from collections import Counter
from pathlib import Path

import pytest

from tests.bench.web import report
from tests.bench.web.http_client import Answer
from tests.bench.web.journey import address_of
from tests.bench.web.measure import (
    BARE_PAGE,
    LIVE,
    PAGE,
    POLLING,
    SESSION,
    STATUS,
    Journeys,
    Requests,
    Run,
    rate,
)
from tests.bench.web.profiling import Cost, Function, shares
from tests.bench.web.results import Results, journey_statements, ratios, site_cpu_ms, targets
from tests.bench.web.sites import BARE, SHOP, USUAL
from tests.bench.web.statements import StatementLog, count_by_name

LOG = """\
web|seqrshop! LOG:  statement: BEGIN
web|seqrshop! LOG:  execute _pg3_0: SELECT "orders_shop"."id"
\tFROM "orders_shop"
web|seqrshop! DETAIL:  Parameters: $1 = 'LOG:  statement: of a customer'
worker|seqrshop! LOG:  execute <unnamed>: UPDATE "payments_invoice" SET "status" = $1
web|seqrshop! ERROR:  canceling statement due to statement timeout
web|seqrshop! STATEMENT:  SELECT 1
|seqrshop! LOG:  statement: SELECT 2
"""
MET = Journeys(
    customers=40,
    paid=100,
    paid_per_second=30.0,
    cpu_ms={"web": 20.0, "PostgreSQL": 25.0, "sandbox": 9.0, "load generator": 7.0},
    seconds=[1.0, 2.0],
    steps={"session": [0.1], "order": [0.2], "status": [0.010] * 99 + [0.140]},
    failures=Counter(),
)


def run_with(journeys: Journeys, web_cpu_ms: float, failures: Counter[str]) -> Run:
    requests = Requests([0.002], web_cpu_ms, 0.5, failures)
    kinds = (STATUS, SESSION, PAGE, LIVE, POLLING)
    return Run(
        journeys=journeys,
        fewer=journeys,
        requests=dict.fromkeys(kinds, requests),
        statements={"web": 30.0, "worker": 15.0, "background": 8.0, "poller": 40.0},
        statuses=2.0,
    )


@pytest.fixture
def results() -> Results:
    slower = Journeys(40, 50, 15.0, {"web": 80.0, "sandbox": 9.0}, [2.0, 4.0], MET.steps, Counter())
    found = Results()
    found.add(SHOP, run_with(MET, 1.5, Counter()))
    found.add(USUAL, run_with(slower, 5.0, Counter({"order: HTTP 500": 3})))
    found.add(BARE, Run(requests={BARE_PAGE: Requests([0.001], 0.4, 0.0, Counter())}))
    return found


def test_each_statement_counts_once_for_the_process_that_sent_it() -> None:
    assert count_by_name(LOG.splitlines()) == {"web": 2, "worker": 1, "": 1}


def test_statement_texts_are_those_of_the_process() -> None:
    log = StatementLog(LOG.splitlines())

    assert log.texts("web") == ["BEGIN", 'SELECT "orders_shop"."id"']


def test_rate_counts_orders_after_the_ramp_alone() -> None:
    paid_at = [1.0, 2.0, 3.0, 5.9, 6.0, 9.0]

    assert rate(paid_at, 2.0, 6.0) == 3 / 4


def test_cpu_of_an_order_leaves_out_seqr_and_the_customers() -> None:
    assert site_cpu_ms(MET.cpu_ms) == 45.0


def test_statements_of_an_order_leave_out_those_that_come_with_the_time() -> None:
    assert journey_statements({"web": 30.0, "worker": 15.0, "poller": 40.0, "beat": 9.0}) == 45.0


def test_ratio_is_computed_within_each_run(results: Results) -> None:
    assert ratios(results, SHOP, USUAL, lambda run: run.paid_per_second) == [2.0]


def test_targets_that_are_reached_are_met(results: Results) -> None:
    assert {verdict for _, _, verdict in targets(results)} == {"met"}


def test_target_that_is_not_reached_is_missed(results: Results) -> None:
    results.runs[SHOP] = [run_with(MET, 3.0, Counter())]

    verdicts = {target: verdict for target, _, verdict in targets(results)}

    assert verdicts[f"{STATUS}: CPU in web, ms ≤ 2"] == "**missed** by 50%"


def test_report_names_every_unexpected_answer(results: Results) -> None:
    page = report.tables(results, "a machine")

    assert f"{USUAL}: order: HTTP 500, 15 times" in page  # of five kinds of requests


def test_every_table_has_cells_of_one_number(results: Results) -> None:
    rows = [line for line in report.tables(results, "").splitlines() if line.startswith("|")]
    blocks = report.tables(results, "").split("\n\n")

    assert len(rows) > 40
    for block in blocks:
        assert len({line.count("|") for line in block.splitlines()}) == 1, block


def test_profile_shares_are_summed_by_group() -> None:
    costs: dict[Function, Cost] = {
        ("/x/site-packages/django/db/models/query.py", 1, "get"): (1, 1, 3.0, 5.0, {}),
        ("/x/site-packages/django/db/models/sql/compiler.py", 2, "as_sql"): (1, 1, 1.0, 1.0, {}),
        ("/x/seqrshop/storefront/orders.py", 3, "show_order"): (1, 1, 2.0, 9.0, {}),
        ("~", 0, "<method 'execute' of 'psycopg_binary._psycopg.PGconn'>"): (1, 1, 2.0, 2.0, {}),
    }

    assert shares(costs) == [
        ("Django's ORM", 0.5),
        ("the shop's own code", 0.25),
        ("psycopg, with libpq", 0.25),
    ]


def test_customers_have_addresses_of_their_own() -> None:
    addresses = {address_of(number) for number in range(1_000_000, 1_001_000)}

    assert len(addresses) == 1000
    assert all(each.startswith("127.") for each in addresses)


def test_compressed_answer_is_read(tmp_path: Path) -> None:
    headers = {"content-encoding": ["gzip"]}

    assert Answer(200, headers, gzip.compress(b'{"state": "paid"}')).json() == {"state": "paid"}
