"""Mutations of how sellers, terminals and shops are added, each with a test that catches it."""

from tests.proof.mutants.mutation import Mutation

CREDENTIAL_CHECK = "payments/credential_check.py"
CREDENTIALS_FORM = "seqrshop/backoffice/credentials_form.py"
NEW_SHOP = "seqrshop/backoffice/new_shop.py"
TERMINALS = "tests/backoffice/test_terminals.py"

SHOP_MUTATIONS = (
    Mutation(
        "count a return key before it is known",
        "seqrshop/storefront/pages.py",
        "    invoices = invoices_of_return_key(return_key)\n"
        "    rate_limits.count(rate_limits.RETURN_PAGE, order=invoices[0].order_id)\n",
        "    rate_limits.count(rate_limits.UNKNOWN_TOKEN, address=return_key)\n"
        "    invoices = invoices_of_return_key(return_key)\n",
        "tests/storefront/test_rate_limits.py"
        "::test_requests_for_an_unknown_return_key_leave_nothing_in_redis",
    ),
    Mutation(
        "count a malformed token",
        "seqrshop/storefront/session.py",
        "        if not is_token(token):\n            raise api_errors.invalid_session()\n",
        "",
        "tests/storefront/test_rate_limits.py::test_malformed_tokens_are_not_counted",
    ),
    Mutation(
        "take any answer of SEQR for a proof of a terminal's password",
        CREDENTIAL_CHECK,
        "error.result_code == ResultCode.INVALID_INVOICE_REFERENCE",
        "error.result_code is not None",
        "tests/payments/test_credential_check.py::test_every_other_answer_of_seqr_accepts_no_terminal",
    ),
    Mutation(
        "take silence for a proof of a reseller's password",
        CREDENTIAL_CHECK,
        "isinstance(error, SeqrRejected | SeqrConflict | SeqrReportNotReady)",
        "isinstance(error, SeqrError)",
        "tests/payments/test_credential_check.py::test_reseller_is_not_accepted_while_seqr_is_away",
    ),
    Mutation(
        "save credentials that SEQR has not accepted",
        CREDENTIALS_FORM,
        "if self.check is not None and not self.check.is_accepted:",
        "if False:",
        f"{TERMINALS}::test_nothing_is_saved_while_seqr_does_not_answer",
    ),
    Mutation(
        "check credentials for a person who may not save them",
        CREDENTIALS_FORM,
        "        if not may_save:\n            return\n",
        "",
        f"{TERMINALS}::test_person_without_the_permission_cannot_make_the_shop_call_seqr",
    ),
    Mutation(
        "answer a second click on Save with an error page",
        "seqrshop/backoffice/added_once.py",
        "            if object_id is not None:\n                raise\n",
        "            raise\n",
        "tests/backoffice/test_new_shop.py::test_second_click_on_save_gets_an_error_of_the_form",
    ),
    Mutation(
        "add a shop at another seller's terminal",
        NEW_SHOP,
        "if terminal is not None and terminal.seller_id != seller.pk:",
        "if False and terminal is not None:",
        "tests/backoffice/test_new_shop.py::test_terminal_of_another_seller_is_refused",
    ),
    Mutation(
        "add a shop whose seller has no organisation number",
        NEW_SHOP,
        "if not seller.legal_name or not seller.organisation_number:",
        "if not seller.reseller_id:",
        "tests/backoffice/test_new_shop.py::test_seller_of_the_first_start_is_to_be_completed_first",
    ),
    Mutation(
        "keep the currency of a shop whose prices are copied from another one",
        NEW_SHOP,
        "            self.instance.currency = copied.currency  # the prices are in it\n",
        "            pass\n",
        "tests/backoffice/test_new_shop.py::test_menu_is_copied_with_its_currency_and_nothing_else",
    ),
    Mutation(
        "put a terminal in use that SEQR refuses",
        "seqrshop/backoffice/shop_terminal.py",
        "    if not check.is_accepted:\n",
        "    if False:\n",
        "tests/backoffice/test_shop_terminal.py::test_terminal_that_seqr_refuses_is_not_put_in_use",
    ),
    Mutation(
        "rename a code that was there already",
        "orders/codes/tables.py",
        "if place.parameters not in present]",
        "]",
        "tests/backoffice/test_shop_start.py::test_present_codes_stay_as_they_are_and_only_the_others_are_made",
    ),
    Mutation(
        "take another page's answer for the shop's",
        "seqrshop/backoffice/page_addresses.py",
        "marker in body",
        "True",
        "tests/backoffice/test_shop_start.py::test_page_of_another_shop_is_no_answer",
    ),
)
