"""The identity of a login by OpenID Connect, from the claims of its ID token."""

from collections.abc import Mapping
from typing import Any

from bankseg_assets.access.identity import LOGIN, Identity
from bankseg_assets.access.rules import AccessRules
from bankseg_assets.privacy.audit import Actor

SECONDS = 3600
EMAIL, EMAIL_VERIFIED, ISSUED_AT = "email", "email_verified", "iat"


class LoginError(ValueError):
    """A login that cannot be used; the message says why and what to do."""


def claimed_identity(rules: AccessRules, claims: Mapping[str, Any], now: float) -> Identity:
    """Return the identity of a login at a time in seconds since 1970. Raises LoginError.

    The app keeps a login for 30 days, with the groups of its first day: `max_hours` limits for how
    long someone who left, or changed department, keeps access.
    """
    login = rules.login
    if login is None:
        raise LoginError("Logins are not in use. Open the app through the bank's proxy.")
    issued = claims.get(ISSUED_AT)
    if not isinstance(issued, int | float) or now - issued > login.max_hours * SECONDS:
        raise LoginError(f"Your login is older than {login.max_hours:g} hours. Log in again.")
    name = claims.get(login.user_claim)
    if not isinstance(name, str) or not name.strip():
        raise LoginError(
            f"Your login does not have the claim {login.user_claim!r}, which names you. Ask the "
            "administrator to set user_claim in the access rules, or the scope of the login."
        )
    if login.user_claim == EMAIL and claims.get(EMAIL_VERIFIED) is False:
        raise LoginError("The e-mail address of your login is not verified. Verify it first.")
    given = claims.get(login.groups_claim)
    groups = [given] if isinstance(given, str) else given
    names = [str(one) for one in groups] if isinstance(groups, list | tuple) else []
    return Identity(Actor(name.strip(), LOGIN), rules.roles_of(name.strip(), names))
