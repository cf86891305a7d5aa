"""Mutations of roles, invitations and signing in, each with a test that catches it."""

from tests.proof.mutants.mutation import Mutation

PEOPLE = "seqrshop/backoffice/people"
TESTS = "tests/backoffice/people"
SECOND_FACTOR = f"{PEOPLE}/second_factor.py"
INVITATIONS = f"{PEOPLE}/invitations.py"
SESSIONS = f"{PEOPLE}/session_limits.py"

PEOPLE_MUTATIONS = (
    Mutation(
        "accept an app's code twice",
        SECOND_FACTOR,
        "    row.last_step = step\n",
        "",
        f"{TESTS}/test_second_factor.py::test_same_code_signs_in_once",
    ),
    Mutation(
        "check a second factor without its row's lock",
        SECOND_FACTOR,
        "SecondFactor.objects.select_for_update(no_key=True).get(user=user)",
        "SecondFactor.objects.get(user=user)",
        f"{TESTS}/test_second_factor.py::test_one_code_posted_twice_at_once_signs_in_once",
    ),
    Mutation(
        "count no wrong second factor",
        SECOND_FACTOR,
        "row.failures = 0 if success else row.failures + 1",
        "row.failures = 0",
        f"{TESTS}/test_second_factor.py::test_guesses_are_refused_with_429_also_in_another_browser",
    ),
    Mutation(
        "remove the last factor of an owner",
        SECOND_FACTOR,
        "    if number < 2 and is_required(user):\n        raise LastFactor\n",
        "",
        f"{TESTS}/test_changing_factors.py::test_last_factor_stays_where_one_is_required",
    ),
    Mutation(
        "sign in by the password alone where a factor is required",
        f"{PEOPLE}/sign_in_flow.py",
        "    if is_required(user):\n",
        "    if False:\n",
        f"{TESTS}/test_required_second_factor.py"
        "::test_roles_that_refund_or_change_settings_need_a_factor_where_the_setting_says_so",
    ),
    Mutation(
        "go on with a sign-in after a changed password",
        f"{PEOPLE}/sign_in_flow.py",
        'not constant_time_compare(user.get_session_auth_hash(), pending["hash"])',
        "False",
        f"{TESTS}/test_second_factor.py::test_pending_sign_in_ends_when_the_account_changes",
    ),
    Mutation(
        "let a person change factors at any time",
        f"{PEOPLE}/person_at_security.py",
        "if not has_just_signed_in(request):",
        "if False:",
        f"{TESTS}/test_changing_factors.py::test_factors_change_only_shortly_after_a_sign_in",
    ),
    Mutation(
        "accept an invitation twice",
        INVITATIONS,
        "update(user=user, used_at=Now())",
        "update(user=user)",
        f"{TESTS}/test_joining.py::test_link_works_once",
    ),
    Mutation(
        "offer every role to each person who invites",
        "seqrshop/backoffice/accounts.py",
        "    return Group.objects.exclude(permissions__in=lacking)\n",
        "    return Group.objects.all()\n",
        f"{TESTS}/test_invitations.py::test_person_invites_nobody_to_a_role_with_more_rights",
    ),
    Mutation(
        "let a manager of users change a superuser",
        f"{PEOPLE}/user_page.py",
        "return not user.is_superuser and may_give(",
        "return may_give(",
        f"{TESTS}/test_changing_factors.py::test_person_resets_nobody_with_more_rights",
    ),
    Mutation(
        "let what scripts read keep an owner signed in",
        SESSIONS,
        'request.method == "POST" or "text/html" in request.headers.get("Accept", "")',
        "True",
        f"{TESTS}/test_sessions.py::test_what_scripts_read_keeps_no_owner_signed_in",
    ),
    Mutation(
        "let a session go on as long as it is used",
        SESSIONS,
        "now - session[SIGNED_IN_AT] >= settings.SESSION_COOKIE_AGE",
        "False",
        f"{TESTS}/test_sessions.py::test_session_ends_after_twelve_hours_of_work_too",
    ),
)
