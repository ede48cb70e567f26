"""Social login providers of an environment's own."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from ._base import RequestModel, ResponseModel


# The specification shows no answer; Frontegg's own browser client reads these fields (client).
class CustomOauthProvider(ResponseModel, frozen=True, kw_only=True):
    """A provider that users can log in with."""

    id: str | None = None
    type: str | None = None
    client_id: str | None = None
    redirect_url: str | None = None
    redirect_url_pattern: str | None = None
    authorization_url: str | None = None
    user_info_url: str | None = None
    scopes: str | None = None
    sso_logo_url: str | None = None
    display_name: str | None = None
    active: bool | None = None


class CustomOauthProviderList(ResponseModel, frozen=True, kw_only=True):
    """All providers, as a list of them comes."""

    providers: tuple[CustomOauthProvider, ...] | None = None


class NewCustomOauthProvider(RequestModel, frozen=True, kw_only=True):
    """A provider to be created.

    Args:
        type: kind of provider; Frontegg's guide has ``custom`` (doc).
        client_id: id of the environment at the provider.
        secret: client secret at the provider.
        redirect_url: URL that users return to.
        authorization_url: URL where they log in.
        token_url: URL where Frontegg exchanges their code for a token.
        user_info_url: URL of their profile.
        scopes: scopes to ask for, separated by spaces.
        sso_logo_url: picture on the button.
        display_name: label of the button.
        active: True to offer it.
        redirect_url_pattern: in Frontegg's guide, though not in its specification (doc): give
            ``redirect_url`` once more.
    """

    type: str
    client_id: str
    secret: str
    redirect_url: str
    authorization_url: str
    token_url: str
    user_info_url: str
    scopes: str
    sso_logo_url: str
    display_name: str
    active: bool
    redirect_url_pattern: str | UnsetType = UNSET


class CustomOauthProviderChanges(RequestModel, frozen=True, kw_only=True):
    """Changes of a provider; ``NewCustomOauthProvider`` explains the fields."""

    type: str | UnsetType = UNSET
    client_id: str | UnsetType = UNSET
    secret: str | UnsetType = UNSET
    redirect_url: str | UnsetType = UNSET
    authorization_url: str | UnsetType = UNSET
    token_url: str | UnsetType = UNSET
    user_info_url: str | UnsetType = UNSET
    scopes: str | UnsetType = UNSET
    sso_logo_url: str | UnsetType = UNSET
    display_name: str | UnsetType = UNSET
    active: bool | UnsetType = UNSET
    redirect_url_pattern: str | UnsetType = UNSET
