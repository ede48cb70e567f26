"""Users: the group, and the constants of all its operations, cut by topic.

Each part holds operations beside the coroutines that send them.
"""

# ruff: noqa: F403, F405
from .accounts import *
from .lookups import *
from .memberships import *


class Users(UserLookups, UserMemberships, UserAccounts):
    """The users of an environment."""
