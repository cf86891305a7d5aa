-- part: functions

-- A number below `below` that depends on a row, a salt and the seed alone.
CREATE FUNCTION pg_temp.pick(number bigint, salt int, below int) RETURNS int
    LANGUAGE sql IMMUTABLE AS $$
    SELECT ((hashint8extended(number, {seed} * 1000 + salt) & 9223372036854775807) % below)::int
$$;

-- Orders are placed evenly over a year, and the last 300, which are open, one a second.
CREATE FUNCTION pg_temp.placed_at(number bigint) RETURNS timestamptz
    LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN number > {orders} - 300
        THEN {filled_at} - interval '1 second' * ({orders} - number)
        ELSE {filled_at} - interval '10 minutes'
            - interval '365 days' * ({orders} - number)::float / {orders}
    END
$$;

CREATE FUNCTION pg_temp.state_of(number bigint) RETURNS text
    LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN number > {orders} - 20 THEN 'created'
        WHEN number > {orders} - 40 THEN 'sending'
        WHEN number > {orders} - 60 THEN 'cancel_pending'
        WHEN number > {orders} - 300 THEN 'awaiting_payment'
        WHEN number % ({orders} / 40 + 1) = 7 THEN 'needs_attention'
        ELSE CASE width_bucket(pg_temp.pick(number, 1, 1000), ARRAY[0, 615, 820, 880, 940, 955, 965])
            WHEN 1 THEN 'paid' WHEN 2 THEN 'served' WHEN 3 THEN 'canceled' WHEN 4 THEN 'expired'
            WHEN 5 THEN 'failed' WHEN 6 THEN 'partly_refunded' ELSE 'refunded'
        END
    END
$$;

-- 40 % at the first shop, 20 % at the second, 1 in 10,000 at the fourth. The third had a fifth of
-- the orders of the first half year, and has none since.
CREATE FUNCTION pg_temp.shop_of(number bigint) RETURNS bigint
    LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN pg_temp.pick(number, 3, 10000) = 0 THEN 4
        WHEN number < {orders} / 2 AND pg_temp.pick(number, 4, 100) < 20 THEN 3
        WHEN pg_temp.pick(number, 5, 100) < 40 THEN 1
        WHEN pg_temp.pick(number, 5, 100) < 60 THEN 2
        ELSE 5 + pg_temp.pick(number, 6, {shops} - 4)
    END
$$;

CREATE FUNCTION pg_temp.terminal_of(number bigint) RETURNS bigint
    LANGUAGE sql IMMUTABLE AS $$ SELECT 1 + pg_temp.shop_of(number) % {terminals} $$;

CREATE FUNCTION pg_temp.is_paid(number bigint) RETURNS boolean
    LANGUAGE sql IMMUTABLE AS $$
    SELECT pg_temp.state_of(number) IN ('paid', 'served', 'partly_refunded', 'refunded')
$$;

-- The row of the transaction period in which something happened.
CREATE FUNCTION pg_temp.period_of(moment timestamptz, terminal bigint) RETURNS bigint
    LANGUAGE sql STABLE AS $$
    SELECT floor(extract(epoch FROM moment - ({filled_at} - interval '365 days')) / 86400)::bigint
        * {terminals} + terminal
$$;

-- part: once

TRUNCATE orders_auditevent;  -- of the events that migrations have written

INSERT INTO orders_customer (id, subscriber_key, msisdn)
SELECT n, 'subscriber-' || md5(n::text), '467' || lpad(n::text, 8, '0')
FROM generate_series(1, {customers} + 300) n;

INSERT INTO payments_transactionperiod (
    id, day, terminal_id, status, created_at, since, marking_started_at, marking_ended_at,
    transaction_period_id, fetched_at
)
SELECT d * {terminals} + terminal, ({filled_at} - interval '1 day' * (365 - d))::date, terminal,
    'RECONCILED', closed_at, closed_at, closed_at, closed_at + interval '1 second',
    'period-' || d || '-' || terminal, closed_at + interval '10 seconds'
FROM generate_series(0, 364) d, generate_series(1, {terminals}) terminal,
    LATERAL (SELECT {filled_at} - interval '1 day' * (364 - d) AS closed_at) closing;

INSERT INTO orders_auditdigest (
    day, event_count, first_event_id, last_event_id, event_marks, previous, digest
)
SELECT day::date, 0, NULL, NULL, ''::bytea, md5(day::text) || md5(day::text),
    md5((day + interval '1 day')::text) || md5((day + interval '1 day')::text)
FROM generate_series(
    ({filled_at} - interval '367 days')::date, ({filled_at} - interval '1 day')::date,
    interval '1 day'
) day;

-- part: orders

INSERT INTO orders_order (
    id, public_id, return_key, shop_id, customer_id, nonce, parameters, language, note, dining, state,
    total, currency, created_at, ready_at, served_at
)
SELECT n, md5('order' || n)::uuid, md5('return' || n), pg_temp.shop_of(n),
    CASE WHEN n > {orders} - 300 THEN {customers} + {orders} - n + 1
        ELSE 1 + pg_temp.pick(n, 2, {customers}) END,
    'nonce-' || md5(n::text), jsonb_build_object('TABLE', (1 + n % 30)::text), 'sv', '', '',
    pg_temp.state_of(n), 45 * (2 + n % 7), 'SEK', pg_temp.placed_at(n),
    CASE WHEN pg_temp.state_of(n) = 'served' THEN pg_temp.placed_at(n)
        + interval '1 second' * (120 + pg_temp.pick(n, 10, 900)) END,
    CASE WHEN pg_temp.state_of(n) = 'served' THEN pg_temp.placed_at(n)
        + interval '1 second' * (180 + pg_temp.pick(n, 10, 900) + pg_temp.pick(n, 11, 240)) END
FROM generate_series({first}::bigint, {last}) n;

INSERT INTO orders_orderrow (
    id, order_id, kind, product_id, name_sv, name_en, sku, unit, quantity, unit_price, vat_rate, total,
    note
)
SELECT 2 * n - k, n, 'product',
    pg_temp.shop_of(n) + {shops} * pg_temp.pick(2 * n + k, 12, {products}), 'Kanelbulle', 'Cinnamon bun', '', '', quantity, 45,
    12, 45 * quantity, ''
FROM generate_series({first}::bigint, {last}) n, generate_series(0, 1) k,
    LATERAL (SELECT CASE k WHEN 0 THEN 1 ELSE 1 + n % 7 END AS quantity) ordered;

-- part: invoices

INSERT INTO payments_invoice (
    id, order_id, shop_id, terminal_id, attempt, status, amount, currency, created_at,
    invoice_reference,
    invoice_qr_code, issued_at, invoice_version, notify_key, notified_at, loyalty_scheme,
    discount_unconfirmed, cancel_reason, partially_paid, ers_reference, payment_reference, paid_at,
    paid_at_seqr, paid_amount, paid_currency, acknowledged_at, possibly_reversed, receipt_attempts,
    receipt_refusals, receipt_accepted_at
)
SELECT n, n, pg_temp.shop_of(n), pg_temp.terminal_of(n), 1, status, 45 * (2 + n % 7), 'SEK', placed_at,
    CASE WHEN is_issued THEN (30000000000 + n)::text END,
    CASE WHEN is_issued THEN 'HTTP://SEQR.SE/R' || (30000000000 + n) ELSE '' END,
    CASE WHEN is_issued THEN placed_at + interval '1 second' END,
    CASE WHEN is_paid THEN 2 ELSE 1 END, md5('notify' || n),
    CASE WHEN is_paid THEN placed_at + interval '20 seconds' END, '', false,
    CASE status WHEN 'CANCELED' THEN 'customer' WHEN 'CANCEL_PENDING' THEN 'customer'
        WHEN 'EXPIRED' THEN 'lifetime' ELSE '' END,
    false,
    CASE WHEN is_paid THEN '2026112912000000' || lpad(n::text, 9, '0') END,
    CASE WHEN is_paid THEN '2026112912000000' || lpad(n::text, 9, '0') ELSE '' END,
    CASE WHEN is_paid THEN placed_at + interval '20 seconds' END,
    CASE WHEN is_paid THEN placed_at + interval '20 seconds'
        - interval '1 millisecond' * (300 + pg_temp.pick(n, 13, 2000)) END,
    CASE WHEN is_paid THEN 45 * (2 + n % 7) END,
    CASE WHEN is_paid THEN 'SEK' ELSE '' END,
    CASE WHEN is_paid THEN placed_at + interval '21 seconds' END,
    n % ({orders} / 60 + 1) = 5,
    CASE WHEN is_paid THEN 1 ELSE 0 END,
    CASE WHEN is_paid AND is_refused THEN 5 ELSE 0 END,
    CASE WHEN is_paid AND NOT is_refused THEN placed_at + interval '22 seconds' END
FROM generate_series({first}::bigint, {last}) n,
    LATERAL (SELECT
        pg_temp.placed_at(n) AS placed_at,
        pg_temp.is_paid(n) AS is_paid,
        pg_temp.pick(n, 8, 100) = 0 AS is_refused,
        CASE pg_temp.state_of(n)
            WHEN 'created' THEN 'CREATED' WHEN 'sending' THEN 'SENDING'
            WHEN 'awaiting_payment' THEN 'ISSUED' WHEN 'cancel_pending' THEN 'CANCEL_PENDING'
            WHEN 'canceled' THEN 'CANCELED' WHEN 'expired' THEN 'EXPIRED' WHEN 'failed' THEN 'FAILED'
            WHEN 'needs_attention' THEN 'NEEDS_ATTENTION' ELSE 'PAID'
        END AS status
    ) of_order,
    LATERAL (SELECT status NOT IN ('CREATED', 'SENDING') AS is_issued) of_invoice;

-- part: events

INSERT INTO orders_auditevent (
    id, order_id, subject_type, subject_id, subject_label, occurred_at, name, from_state, to_state,
    source, actor_id, detail, result_code, duration_ms
)
SELECT 12 * (n - 1) + k, n, subject_type, CASE WHEN subject_type <> 'call' THEN n END,
    CASE subject_type WHEN 'order' THEN (1000 + n)::text WHEN 'invoice' THEN (1000 + n) || '-1'
        ELSE md5(n || '-' || k) END,
    pg_temp.placed_at(n) + interval '2 seconds' * k, name, from_state, to_state, source,
    CASE WHEN name = 'order_served' THEN {clerk} END, '',
    CASE WHEN subject_type = 'call' THEN 0 END, CASE WHEN subject_type = 'call' THEN 40 + pg_temp.pick(12 * n + k, 14, 400) END
FROM generate_series({first}::bigint, {last}) n, (VALUES
    (1, 'order', 'order_created', '', 'created', 'customer'),
    (2, 'invoice', 'sending_started', 'CREATED', 'SENDING', 'send_invoice'),
    (3, 'order', 'order_sending', 'created', 'sending', 'send_invoice'),
    (4, 'call', 'sendInvoice', '', '', 'send_invoice'),
    (5, 'invoice', 'sent', 'SENDING', 'ISSUED', 'send_invoice'),
    (6, 'order', 'order_awaiting_payment', 'sending', 'awaiting_payment', 'send_invoice'),
    (7, 'invoice', 'payment_confirmed', 'ISSUED', 'PAID', 'notification'),
    (8, 'order', 'order_paid', 'awaiting_payment', 'paid', 'notification'),
    (9, 'call', 'getPaymentStatus', '', '', 'notification'),
    (10, 'call', 'submitPaymentReceipt', '', '', 'submit_receipt'),
    (11, 'invoice', 'receipt_accepted', '', '', 'submit_receipt'),
    (12, 'order', 'order_served', 'paid', 'served', 'staff')
) event (k, subject_type, name, from_state, to_state, source);

-- part: refunds

INSERT INTO payments_refund (
    id, invoice_id, nonce, status, amount, currency, reason_code, reason, requested_by_id,
    approval_reason, created_at, withdrawal_reason, sent_at, ers_reference, refunded_at, resolution_reason
)
SELECT n, n, md5('refund' || n), status, 45, 'SEK', 'not_good', 'The bun was cold', {clerk},
    CASE status WHEN 'REQUESTED' THEN 'payment_limit' ELSE '' END,
    refunded_at,
    CASE status WHEN 'WITHDRAWN' THEN 'staff' ELSE '' END,
    CASE WHEN is_sent THEN refunded_at END,
    CASE status WHEN 'REFUNDED' THEN '2026112913000000' || lpad(n::text, 9, '0') END,
    CASE status WHEN 'REFUNDED' THEN refunded_at END, ''
FROM generate_series({first}::bigint, {last}) n,
    LATERAL (SELECT
        pg_temp.placed_at(n) + interval '5 minutes' AS refunded_at,
        CASE width_bucket(pg_temp.pick(n, 7, 1000), ARRAY[0, 3, 5, 7, 9])
            WHEN 1 THEN 'UNKNOWN' WHEN 2 THEN 'REJECTED' WHEN 3 THEN 'WITHDRAWN'
            WHEN 4 THEN 'REQUESTED' ELSE 'REFUNDED'
        END AS status
    ) refund,
    LATERAL (SELECT status IN ('UNKNOWN', 'REJECTED', 'REFUNDED') AS is_sent) sending
WHERE pg_temp.state_of(n) IN ('partly_refunded', 'refunded');

-- part: receipts

INSERT INTO payments_receipt (
    seller_id, number, kind, invoice_id, refund_id, amount, currency, issued_at,
    legal_name, organisation_number, vat_number, street, postal_code, city
)
SELECT seller.id, made.number, made.kind, made.invoice_id, made.refund_id, made.amount, 'SEK',
    made.at, legal_name, organisation_number, vat_number, street, postal_code, city
FROM (
    SELECT id AS invoice_id, NULL::bigint AS refund_id, 2 * id AS number, 'payment' AS kind,
        amount, paid_at AS at
    FROM payments_invoice WHERE status = 'PAID' AND id BETWEEN {first} AND {last}
    UNION ALL
    SELECT invoice_id, id, 2 * id + 1, 'refund', amount, refunded_at
    FROM payments_refund WHERE status = 'REFUNDED' AND id BETWEEN {first} AND {last}
) made
    JOIN payments_invoice invoice ON invoice.id = made.invoice_id
    JOIN orders_terminal terminal ON terminal.id = invoice.terminal_id
    JOIN orders_seller seller ON seller.id = terminal.seller_id;

-- part: period rows

INSERT INTO payments_periodrow (
    period_id, position, match_result, amount, ers_reference, terminal_id, cashier_id, invoice_id,
    refund_id, shop_id, has_case
)
SELECT period_id, 2 * invoice.id, 'sale', invoice.amount, invoice.ers_reference,
    'terminal-' || invoice.terminal_id, 'Lyktan', invoice.id, NULL,
    invoice.shop_id, false
FROM payments_invoice invoice,
    LATERAL (SELECT pg_temp.period_of(paid_at, invoice.terminal_id) AS period_id) reported
WHERE invoice.id BETWEEN {first} AND {last} AND status = 'PAID'
    AND period_id <= 365 * {terminals}
UNION ALL
SELECT period_id, 2 * refund.id + 1, 'refund', -refund.amount, refund.ers_reference,
    'terminal-' || invoice.terminal_id, 'Lyktan', NULL, refund.id,
    invoice.shop_id, false
FROM payments_refund refund JOIN payments_invoice invoice ON invoice.id = refund.invoice_id,
    LATERAL (SELECT pg_temp.period_of(sent_at, invoice.terminal_id) AS period_id) reported
WHERE refund.id BETWEEN {first} AND {last} AND refund.status = 'REFUNDED'
    AND period_id <= 365 * {terminals};

-- part: cases

INSERT INTO payments_moneycase (
    kind, key, order_id, invoice_id, summary, opened_at, closed_at, closed_by_id, closing_reason
)
SELECT CASE WHEN n % 2 = 0 THEN 'amount_differs' ELSE 'possibly_reversed' END, n, n, n,
    'SEQR reports another amount', opened_at,
    CASE WHEN NOT is_open THEN opened_at + interval '1 hour' END,
    CASE WHEN NOT is_open THEN {clerk} END,
    CASE WHEN NOT is_open THEN 'Compared with SEQR''s report' ELSE '' END
FROM generate_series({first}::bigint, {last}) n,
    LATERAL (SELECT pg_temp.placed_at(n) + interval '1 minute' AS opened_at,
        n > {orders} / 100 * 97 AS is_open) opened
WHERE pg_temp.pick(n, 9, 500) = 0;
