"""The table of paths. Almost everything is there twice: for the account's default service, and for the one named."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.routing import Route

from . import (
    addresses,
    api_keys,
    bindings,
    content,
    conversation_with_participants,
    conversations,
    credentials,
    extensions,
    messages,
    notifications,
    participant_conversations,
    participants,
    receipts,
    roles,
    services,
    user_conversations,
    users,
    webhook_calls,
    webhooks,
)
from .call import Handler
from .endpoint import Endpoint, Gate

Methods = Mapping[str, Handler]

_OF_A_SERVICE: Mapping[str, Methods] = {
    "/Conversations": {"GET": conversations.list_, "POST": conversations.create},
    "/Conversations/{conversation}": {
        "GET": conversations.fetch,
        "POST": conversations.update,
        "DELETE": conversations.delete,
    },
    "/Conversations/{conversation}/Participants": {"GET": participants.list_, "POST": participants.create},
    "/Conversations/{conversation}/Participants/{participant}": {
        "GET": participants.fetch,
        "POST": participants.update,
        "DELETE": participants.delete,
    },
    "/Conversations/{conversation}/Messages": {"GET": messages.list_, "POST": messages.create},
    "/Conversations/{conversation}/Messages/{message}": {
        "GET": messages.fetch,
        "POST": messages.update,
        "DELETE": messages.delete,
    },
    "/Conversations/{conversation}/Messages/{message}/Receipts": {"GET": receipts.list_},
    "/Conversations/{conversation}/Messages/{message}/Receipts/{receipt}": {"GET": receipts.fetch},
    "/Conversations/{conversation}/Webhooks": {"GET": webhooks.list_, "POST": webhooks.create},
    "/Conversations/{conversation}/Webhooks/{webhook}": {
        "GET": webhooks.fetch,
        "POST": webhooks.update,
        "DELETE": webhooks.delete,
    },
    "/Users": {"GET": users.list_, "POST": users.create},
    "/Users/{user}": {"GET": users.fetch, "POST": users.update, "DELETE": users.delete},
    "/Users/{user}/Conversations": {"GET": user_conversations.list_},
    "/Users/{user}/Conversations/{conversation}": {
        "GET": user_conversations.fetch,
        "POST": user_conversations.update,
        "DELETE": user_conversations.delete,
    },
    "/Roles": {"GET": roles.list_, "POST": roles.create},
    "/Roles/{role}": {"GET": roles.fetch, "POST": roles.update, "DELETE": roles.delete},
    "/ParticipantConversations": {"GET": participant_conversations.list_},
    "/ConversationWithParticipants": {"POST": conversation_with_participants.create},
}

_ACCOUNT_WEBHOOKS: Methods = {"GET": webhooks.fetch_of_account, "POST": webhooks.update_of_account}

PATHS: Mapping[str, Methods] = {
    "/v1/Configuration": {
        "GET": services.fetch_account_configuration,
        "POST": services.update_account_configuration,
    },
    "/v1/Configuration/Webhooks": _ACCOUNT_WEBHOOKS,
    "/v1/Conversations/Webhooks": _ACCOUNT_WEBHOOKS,  # its older name, so no conversation can be asked for by this one
    "/v1/Configuration/Addresses": {"GET": addresses.list_, "POST": addresses.create},
    "/v1/Configuration/Addresses/{address}": {
        "GET": addresses.fetch,
        "POST": addresses.update,
        "DELETE": addresses.delete,
    },
    "/v1/Credentials": {"GET": credentials.list_, "POST": credentials.create},
    "/v1/Credentials/{credential}": {
        "GET": credentials.fetch,
        "POST": credentials.update,
        "DELETE": credentials.delete,
    },
    "/v1/Services": {"GET": services.list_, "POST": services.create},
    "/v1/Services/{service}": {"GET": services.fetch, "DELETE": services.delete},
    "/v1/Services/{service}/Bindings": {"GET": bindings.list_},
    "/v1/Services/{service}/Bindings/{binding}": {"GET": bindings.fetch, "DELETE": bindings.delete},
    "/v1/Services/{service}/Configuration/Notifications": {
        "GET": notifications.fetch,
        "POST": notifications.update,
    },
    "/v1/Services/{service}/Configuration": {
        "GET": services.fetch_service_configuration,
        "POST": services.update_service_configuration,
    },
    "/v1/Services/{service}/Configuration/Webhooks": {
        "GET": webhooks.fetch_of_service,
        "POST": webhooks.update_of_service,
    },
    **{f"/v1{path}": methods for path, methods in _OF_A_SERVICE.items()},
    **{f"/v1/Services/{{service}}{path}": methods for path, methods in _OF_A_SERVICE.items()},
}
"""Every path of `/v1` with its methods."""


JSON_PATHS: Mapping[str, Methods] = {
    "/v1/Content": {"GET": content.list_, "POST": content.create},
    "/v1/Content/{content}": {"GET": content.fetch, "DELETE": content.delete},
}
"""Those of Twilio's Content API."""


def routes(gate: Gate) -> list[Route]:
    """The routes of REST v1, of the extensions and of `/health`.

    Nothing here redirects, and under `/v1` nothing answers HTML: paths that are not known lead to an endpoint too.
    """
    known = [Route(path, Endpoint(gate, methods)) for path, methods in PATHS.items()]
    known += [Route(path, Endpoint(gate, methods, json=True)) for path, methods in JSON_PATHS.items()]
    unknown = Endpoint(gate, {})
    others = [*extensions.routes(gate), *webhook_calls.routes(gate), *api_keys.routes(gate)]
    return [*known, Route("/v1", unknown), Route("/v1/{rest:path}", unknown), *others]
