"""How much may be written in a second."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import pytest
import requests

from roomful.conversations import core
from roomful.conversations.core.conversations import CreateConversation, DeleteConversation, UpdateConversation
from roomful.conversations.core.errors import ServiceError
from roomful.conversations.core.messages import SendMessage
from roomful.conversations.core.participants import UpdateMembership
from roomful.conversations.core.ports import Actor
from roomful.conversations.rates import FREE, Rates, counted_for
from tests.servers import Server, twilio_client
from tests.webhooks.person import CLIENT, Person

ACTOR = Actor("IS1")


def test_a_second_has_so_many_writes() -> None:
    now = 5_000
    rates = Rates(lambda: now, 3, 2)
    for _ in range(3):
        rates.count(ACTOR, SendMessage("CH1"))
    with pytest.raises(ServiceError) as refused:
        rates.count(ACTOR, UpdateConversation("CH1"))
    assert (refused.value.status, refused.value.code, refused.value.retry_after) == (429, 50063, 1)
    rates.count(ACTOR, SendMessage("CH2"))
    rates.count(ACTOR, UpdateMembership("CH1", "ann"))
    for _ in range(2):
        rates.count(ACTOR, CreateConversation())
    with pytest.raises(ServiceError, match="service"):
        rates.count(ACTOR, DeleteConversation("CH3"))
    rates.count(Actor("IS2"), DeleteConversation("CH3"))
    now = 5_999
    with pytest.raises(ServiceError):
        rates.count(ACTOR, SendMessage("CH1"))
    now = 6_000
    rates.count(ACTOR, SendMessage("CH1"))
    assert rates._counts == {"CH1": 1}, "a second that is over is forgotten"


def test_nothing_is_counted_without_a_limit() -> None:
    rates = Rates(lambda: 0, 0, 0)
    for _ in range(100):
        rates.count(ACTOR, SendMessage("CH1"))
    assert rates._counts == {}


def test_each_command_is_counted_for_what_it_changes() -> None:
    """A command that is new is found here, and somebody says which it is."""
    of_service = {
        *("CreateConversation", "CreateConversationWithParticipants", "DeleteConversation", "CreateUser", "DeleteUser"),
        *("UpdateUser", "CreateRole", "UpdateRole", "DeleteRole", "RegisterPush", "UnregisterPush"),
        *("DeletePushBinding", "RevokeTokens", "CreateService", "DeleteService", "UpdateServiceConfiguration"),
        *("UpdateAccountConfiguration", "UpdateWebhookConfiguration", "UpdateNotifications", "CreateApiKey"),
        *("RevokeApiKey", "CreateCredential", "UpdateCredential", "DeleteCredential", "CreateAddress"),
        *("UpdateAddress", "DeleteAddress", "Install"),
    }
    found: set[str] = set()
    for module in pkgutil.iter_modules(core.__path__):
        for name, value in vars(importlib.import_module(f"{core.__name__}.{module.name}")).items():
            if isinstance(value, type) and hasattr(value, "decide") and hasattr(value, "__dataclass_fields__"):
                in_conversation = "conversation_sid" in value.__dataclass_fields__ and name != "DeleteConversation"
                if value not in FREE and not in_conversation:
                    found.add(name)
    assert found == of_service
    assert counted_for(ACTOR, SendMessage("CH1")) == ("conversation", "CH1")
    assert counted_for(ACTOR, DeleteConversation("CH1")) == ("service", "IS1")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    env = {"ROOMFUL_CONVERSATION_WRITES": "3", "ROOMFUL_SERVICE_WRITES": "3"}
    started = Server(tmp_path_factory.mktemp("rates"), "--only", "service", **env).start()
    yield started
    started.close()


def test_over_rest_and_over_the_sdks_protocol(server: Server) -> None:
    """Whatever the second: of so many requests some are refused, and those that were not are there."""
    keys = server.credentials
    rooms = twilio_client(server).conversations.v1.conversations
    room = rooms.create()
    url = f"{server.url}/v1/Conversations/{room.sid}/Messages"
    with requests.Session() as session:
        session.auth = (keys["account_sid"], keys["auth_token"])
        answers = [session.post(url, data={"Body": "hello"}, timeout=20) for _ in range(30)]
    refused = [answer for answer in answers if answer.status_code != 201]
    assert refused
    assert {(answer.status_code, answer.json()["code"]) for answer in refused} == {(429, 50063)}
    assert {answer.headers["Retry-After"] for answer in refused} == {"1"}
    assert len(room.messages.list()) == len(answers) - len(refused)
    users, form = f"{server.url}/v1/Users", ({"Identity": f"{number}"} for number in range(30))
    made = [requests.post(users, each, auth=session.auth, timeout=20) for each in form]
    assert {answer.status_code for answer in made} == {201, 429}

    person = Person(server, "ann")
    asked = [person.ask("POST", f"{CLIENT}/Conversations", {"friendly_name": "room"}) for _ in range(30)]
    assert {status for status, _ in asked} >= {429}
    assert all(answer["code"] == 50063 for status, answer in asked if status == 429)
    person.close()
