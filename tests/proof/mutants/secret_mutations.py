"""Mutations of how passwords are stored, each with a test that catches it."""

from tests.proof.mutants.mutation import Mutation

ENCRYPTION = "orders/encryption.py"
STORED_PASSWORDS = "payments/stored_passwords.py"
PASSWORD_FIELD = "seqrshop/backoffice/password_field.py"
ERROR_FILTER = "seqrshop/error_filter.py"

SECRET_MUTATIONS = (
    Mutation(
        "encrypt with the last key",
        ENCRYPTION,
        "MultiFernet([Fernet(key) for key in keys])",
        "MultiFernet([Fernet(key) for key in reversed(keys)])",
        "tests/orders/test_encryption.py::test_each_of_several_keys_decrypts_and_the_first_encrypts",
    ),
    Mutation(
        "leave passwords to their former keys",
        ENCRYPTION,
        "    return encrypt(decrypt(ciphertext))\n",
        "    return ciphertext\n",
        "tests/orders/test_encryption.py::test_secret_of_a_former_key_is_encrypted_by_the_first",
    ),
    Mutation(
        "encrypt some passwords though one is unreadable",
        STORED_PASSWORDS,
        "    if owners := list(chain(*unreadable)):\n        raise UnreadablePasswords(owners)\n",
        "",
        "tests/payments/test_stored_passwords.py::test_no_password_changes_where_one_is_unreadable",
    ),
    Mutation(
        "encrypt a password without its row's lock",
        STORED_PASSWORDS,
        "_default_manager.select_for_update(no_key=True).filter(pk=pk)",
        "_default_manager.filter(pk=pk)",
        "tests/payments/test_stored_passwords.py::test_password_that_staff_change_meanwhile_is_kept",
    ),
    Mutation(
        "stop where the database is away at start-up",
        STORED_PASSWORDS,
        '        logger.warning("the stored passwords are not checked: %s", type(error).__name__)\n'
        "        return\n",
        "        raise\n",
        "tests/payments/test_stored_passwords.py"
        "::test_check_waits_for_an_absent_database_no_longer_than_a_connection",
    ),
    Mutation(
        "start with a wrong key",
        "seqrshop/startup.py",
        "(SETTINGS_TAG, None), (Tags.database, [DEFAULT_DB_ALIAS])",
        "(SETTINGS_TAG, None),",
        "tests/seqrshop/test_encryption_keys.py::test_entry_point_with_wrong_key_stops_with_one_sentence",
    ),
    Mutation(
        "migrate with a wrong key",
        "payments/management/commands/migrate.py",
        "        require_valid_settings()\n",
        "",
        "tests/seqrshop/test_encryption_keys.py::test_entry_point_with_wrong_key_stops_with_one_sentence",
    ),
    Mutation(
        "forget the password when the field is empty",
        PASSWORD_FIELD,
        "            if password := self.cleaned_data[name]:\n"
        "                setattr(self.instance, name, password)\n",
        "            setattr(self.instance, name, self.cleaned_data[name])\n",
        "tests/backoffice/test_password_field.py::test_empty_field_keeps_the_password",
    ),
    Mutation(
        "show the typed password again",
        PASSWORD_FIELD,
        'PasswordInput(attrs={"autocomplete": "new-password"})',
        'PasswordInput(attrs={"autocomplete": "new-password"}, render_value=True)',
        "tests/backoffice/test_password_field.py::test_other_error_of_the_form_does_not_show_what_was_typed",
    ),
    Mutation(
        "show variables that contain a secret",
        ERROR_FILTER,
        "self.cleansed_substitute if any(each in text for each in secrets) else value",
        "value",
        "tests/seqrshop/test_error_filter.py::test_report_hides_typed_passwords",
    ),
)
