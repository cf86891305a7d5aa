"""Mutations of roles, invitations and signing in, each with a test that catches it."""

from tests.proof.mutants.mutation import Mutation

PEOPLE = "seqrshop/backoffice/people"
TESTS = "tests/backoffice/people"
SECOND_FACTOR = f"{PEOPLE}/second_factor.py"
INVITATIONS = f"{PEOPLE}/invitations.py"
SESSIONS = f"{PEOPLE}/session_limits.py"
INVITATION_TESTS = f"{TESTS}/test_invitations.py"

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
        'request.method == "POST" or (is_page and BACKGROUND_HEADER not in request.headers)',
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
    Mutation(
        "keep an idle owner signed in",
        SESSIONS,
        "_is_owner(request) and now - session[ACTIVE_AT] >= OWNER_IDLE_SECONDS",
        "False",
        f"{TESTS}/test_sessions.py::test_owners_session_ends_after_fifteen_idle_minutes",
    ),
    Mutation(
        "keep a session without the factor that its person now needs",
        SESSIONS,
        "not session[WITH_FACTOR] and is_required(request.user)",
        "False",
        f"{TESTS}/test_required_second_factor.py"
        "::test_session_without_a_factor_ends_when_the_person_needs_one",
    ),
    Mutation(
        "accept a recovery code twice",
        SECOND_FACTOR,
        "    row.recovery_digests.remove(known[0])\n",
        "",
        f"{TESTS}/test_second_factor.py::test_recovery_code_signs_in_once",
    ),
    Mutation(
        "let guesses go on after five wrong ones",
        SECOND_FACTOR,
        "        if row.refused_until is not None and row.refused_until > now:\n",
        "        if False:\n",
        f"{TESTS}/test_second_factor.py::test_guesses_are_refused_with_429_also_in_another_browser",
    ),
    Mutation(
        "remove the passkey of another person",
        SECOND_FACTOR,
        "Passkey.objects.filter(user=user, pk=passkey_id).first()",
        "Passkey.objects.filter(pk=passkey_id).first()",
        f"{TESTS}/test_changing_factors.py::test_person_removes_no_passkey_of_another",
    ),
    Mutation(
        "let a person with a factor add another one before showing it",
        f"{PEOPLE}/person_at_security.py",
        "        if user is None or has_factor(user):\n",
        "        if user is None:\n",
        f"{TESTS}/test_required_second_factor.py"
        "::test_person_with_a_factor_adds_no_other_before_showing_it",
    ),
    Mutation(
        "wait for the second factor of a sign-in for ever",
        f"{PEOPLE}/sign_in_flow.py",
        'if not pending or time.time() - pending["at"] > PENDING_SECONDS:',
        "if not pending:",
        f"{TESTS}/test_second_factor.py::test_pending_sign_in_ends_after_ten_minutes",
    ),
    Mutation(
        "accept the code of an app at any time",
        f"{PEOPLE}/totp.py",
        "range(current - TOLERATED_STEPS, current + TOLERATED_STEPS + 1)",
        "range(current - 100, current + 100)",
        f"{TESTS}/test_totp.py::test_clock_may_be_wrong_by_one_step_either_way",
    ),
    Mutation(
        "accept the invitation of a person who has left",
        INVITATIONS,
        "invitation is None or not invitation.created_by.is_active",
        "invitation is None",
        f"{INVITATION_TESTS}::test_link_of_a_person_who_has_left_is_over",
    ),
    Mutation(
        "let two browsers accept one invitation",
        INVITATIONS,
        "Invitation.objects.select_for_update(no_key=True).filter(token_digest",
        "Invitation.objects.filter(token_digest",
        f"{TESTS}/test_joining.py::test_link_opened_twice_at_once_makes_one_colleague",
    ),
    Mutation(
        "give a colleague all shops whom the invitation gives one",
        INVITATIONS,
        "StaffAccess.objects.create(user=user, all_shops=invitation.all_shops)",
        "StaffAccess.objects.create(user=user, all_shops=True)",
        f"{TESTS}/test_joining.py"
        "::test_colleague_joins_with_the_role_and_the_shops_and_is_signed_in",
    ),
    Mutation(
        "leave the earlier link for a new password open",
        INVITATIONS,
        "    Invitation.objects.filter(user=user, group=None, used_at=None).delete()\n",
        "",
        f"{TESTS}/test_password_links.py::test_second_password_link_withdraws_the_first",
    ),
    Mutation(
        "set the password of a deactivated person",
        INVITATIONS,
        "    if not user.is_active:\n        raise InvitationOver\n",
        "",
        f"{TESTS}/test_password_links.py::test_password_link_of_a_deactivated_person_is_over",
    ),
    Mutation(
        "leave a ready-made role the rights that somebody added",
        "payments/staff_roles.py",
        "[pk for key, pk in before.items() if key not in wanted]",
        "[]",
        "tests/payments/test_staff_roles.py"
        "::test_migrate_stores_the_roles_as_this_version_defines_them",
    ),
    Mutation(
        "let staff change a ready-made role",
        "seqrshop/backoffice/accounts.py",
        "            role_named(group.name) is None and may_give(",
        "            may_give(",
        f"{TESTS}/test_roles.py"
        "::test_nobody_changes_a_ready_made_role_and_staff_add_groups_of_their_own",
    ),
)
