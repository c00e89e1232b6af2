"""Settings: defaults, what each variable may be, and one clear line for each thing that is wrong."""

from dataclasses import fields
from pathlib import Path

import pytest

from roomful import settings as settings_module
from roomful.settings import Settings, SettingsError, is_loopback_host, read_env_file

TWILIO = {
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "auth-secret",
    "TWILIO_API_KEY_SID": "SK" + "1" * 32,
    "TWILIO_API_KEY_SECRET": "key-secret",
}


def test_nothing_set_is_a_private_machine() -> None:
    settings = Settings.load({})
    assert (settings.host, settings.port, settings.public_url) == ("127.0.0.1", 5000, "http://localhost:5000")
    assert settings.instance == Path.cwd() / "instance"
    assert (settings.backend, settings.twilio, settings.database_url) == ("embedded", None, None)
    assert (settings.auth, settings.signup, settings.is_local) == ("password", "open", True)
    assert (settings.token_ttl, settings.tombstone_days) == (900, 30)


def test_an_empty_value_counts_as_not_set() -> None:
    assert Settings.load({"PORT": "", "ROOMFUL_BACKEND": " "}) == Settings.load({})


@pytest.mark.parametrize(
    ("environ", "signup"),
    [
        ({"HOST": "0.0.0.0"}, "invite"),
        ({"PUBLIC_URL": "https://chat.example.org"}, "invite"),
        ({"HOST": "::1", "PUBLIC_URL": "http://[::1]:5000"}, "open"),
        ({"ROOMFUL_SIGNUP": "closed"}, "closed"),
    ],
)
def test_sign_up_is_open_only_on_this_machine(environ: dict[str, str], signup: str) -> None:
    assert Settings.load(environ).signup == signup


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://Chat.Example.org/", "https://chat.example.org"),
        ("https://chat.example.org:443", "https://chat.example.org"),
        ("http://[::1]:5000", "http://[::1]:5000"),
    ],
)
def test_public_url_is_an_origin(given: str, kept: str) -> None:
    assert Settings.load({"PUBLIC_URL": given}).public_url == kept


def test_lists_are_split_at_commas() -> None:
    settings = Settings.load({"ALLOWED_HOSTS": "Chat.example.org, b:8080,", "TRUSTED_PROXIES": "10.0.0.0/8, ::1"})
    assert settings.allowed_hosts == ("chat.example.org", "b:8080")
    assert settings.trusted_proxies == ("10.0.0.0/8", "::1")


def test_the_port_the_system_chose_shows_in_the_default_url_only() -> None:
    assert Settings.load({"PORT": "0"}).at_port(4321).public_url == "http://localhost:4321"
    named = Settings.load({"PORT": "0", "PUBLIC_URL": "https://chat.example.org"}).at_port(4321)
    assert (named.port, named.public_url) == (4321, "https://chat.example.org")


def test_twilio_values_are_read_only_when_the_backend_is_not_embedded() -> None:
    assert Settings.load(TWILIO | {"TWILIO_ACCOUNT_SID": "<your-twilio-account-sid>"}).twilio is None
    twilio = Settings.load(TWILIO | {"ROOMFUL_BACKEND": "twilio"}).twilio
    assert twilio is not None
    assert (twilio.account_sid, twilio.api_key_secret) == ("AC" + "0" * 32, "key-secret")
    assert Settings.load(TWILIO | {"ROOMFUL_BACKEND": "http://localhost:5001/"}).backend == "http://localhost:5001"


def test_a_postgres_url_is_called_postgresql() -> None:
    assert Settings.load({"DATABASE_URL": "postgres://u:p@db/chat"}).database_url == "postgresql://u:p@db/chat"


def test_secrets_are_not_in_repr() -> None:
    urls = {"DATABASE_URL": "postgresql://u:pg-secret@db/chat", "REDIS_URL": "redis://:redis-secret@db"}
    text = repr(Settings.load(TWILIO | urls | {"ROOMFUL_BACKEND": "twilio"}))
    assert "secret" not in text.replace("api_key_secret", "")
    assert "SK" + "1" * 32 in text


WRONG = [
    ({"PORT": "http"}, "PORT=http: must be a whole number from 0 to 65535, such as 5000"),
    ({"PORT": "65536"}, "PORT=65536: must be"),
    ({"PORT": "٥"}, "PORT=٥: must be"),
    ({"HOST": "http://x"}, "HOST=http://x: must be an address or a name"),
    ({"HOST": "a b"}, "HOST=a b: must be"),
    ({"PUBLIC_URL": "chat.example.org"}, "PUBLIC_URL=chat.example.org: must be an http:// or https:// URL"),
    ({"PUBLIC_URL": "https://x:99999"}, "PUBLIC_URL=https://x:99999: must be"),
    ({"PUBLIC_URL": "https://x/chat"}, "PUBLIC_URL: must have nothing but scheme, host and port"),
    ({"PUBLIC_URL": "https://u:pw@x"}, "PUBLIC_URL: must have nothing but"),
    ({"ALLOWED_HOSTS": "https://x"}, "ALLOWED_HOSTS: https://x must be a host or host:port"),
    ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS: * must be"),
    ({"TRUSTED_PROXIES": "10.0.0.1/8"}, "TRUSTED_PROXIES: 10.0.0.1/8 must be an address or a network"),
    ({"ROOMFUL_BACKEND": "local"}, "ROOMFUL_BACKEND=local: must be embedded, twilio, or the URL"),
    (
        {"ROOMFUL_BACKEND": "twilio"},
        "TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_API_KEY_SID, TWILIO_API_KEY_SECRET:",
    ),
    (TWILIO | {"ROOMFUL_BACKEND": "twilio", "TWILIO_AUTH_TOKEN": ""}, "TWILIO_AUTH_TOKEN: must be set too"),
    (TWILIO | {"ROOMFUL_BACKEND": "twilio", "TWILIO_API_KEY_SID": "key"}, "TWILIO_API_KEY_SID=key: must be SK and 32"),
    ({"DATABASE_URL": "mysql://u:pw@x/y"}, "DATABASE_URL: must be postgresql://"),
    ({"REDIS_URL": "localhost"}, "REDIS_URL: must be redis://HOST:PORT"),
    (
        {"REDIS_URL": "redis://localhost"},
        "REDIS_URL: joins several nodes, which share a database; set DATABASE_URL too",
    ),
    ({"MEDIA_URL": "media"}, "MEDIA_URL=media: must be the absolute path of a folder, or s3://BUCKET"),
    ({"ROOMFUL_AUTH": "none"}, "ROOMFUL_AUTH=none: must be one of password, open"),
    ({"ROOMFUL_AUTH": "open", "HOST": "0.0.0.0"}, "ROOMFUL_AUTH=open: holds only while HOST and PUBLIC_URL are"),
    ({"ROOMFUL_SIGNUP": "open", "PUBLIC_URL": "https://x"}, "ROOMFUL_SIGNUP=open: holds only while"),
    ({"ROOMFUL_TOKEN_TTL": "86401"}, "ROOMFUL_TOKEN_TTL=86401: must be a whole number from 1 to 86400"),
    ({"ROOMFUL_TOMBSTONE_DAYS": "0"}, "ROOMFUL_TOMBSTONE_DAYS=0: must be"),
]


@pytest.mark.parametrize(("environ", "line"), WRONG, ids=lambda value: value[:30] if isinstance(value, str) else "")
def test_what_is_wrong_is_one_clear_line(environ: dict[str, str], line: str) -> None:
    with pytest.raises(SettingsError) as raised:
        Settings.load(environ)
    assert str(raised.value).startswith(line)
    assert "\n" not in str(raised.value)
    assert "pw" not in str(raised.value)


def test_an_instance_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "instance").write_text("")
    with pytest.raises(SettingsError, match=r"^ROOMFUL_INSTANCE=.*/instance: is not a folder"):
        Settings.load({"ROOMFUL_INSTANCE": str(tmp_path / "instance")})


def test_env_file_gives_what_the_environment_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("# ours\nPORT=6000\nexport HOST='localhost'\nPUBLIC_URL=http://localhost:${PORT}\n")
    monkeypatch.chdir(tmp_path)
    for name in ("PORT", "HOST", "PUBLIC_URL"):
        monkeypatch.delenv(name, raising=False)
    assert Settings.load().public_url == "http://localhost:6000"
    monkeypatch.setenv("HOST", "127.0.0.2")
    assert (Settings.load().host, Settings.load().port) == ("127.0.0.2", 6000)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"PORT=5000\n\n\nnot a setting\n", "line 4: cannot be understood; write NAME=value"),
        (b'PORT="5000\n', "line 1: cannot be understood"),
        (b"PORT\n", "line 1: PORT has no value; write PORT=value"),
        (b"PORT=\xff\n", "is not UTF-8 text"),
    ],
)
def test_a_broken_env_file_is_one_clear_line(tmp_path: Path, content: bytes, line: str) -> None:
    path = tmp_path / ".env"
    path.write_bytes(content)
    with pytest.raises(SettingsError) as raised:
        read_env_file(path)
    assert line in str(raised.value)
    assert "\n" not in str(raised.value)


def test_an_env_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    with pytest.raises(SettingsError, match=r"\.env: cannot be read \(Is a directory\)"):
        read_env_file(tmp_path / ".env")
    assert read_env_file(tmp_path / "absent") == {}


@pytest.mark.parametrize(
    ("host", "local"),
    [
        *((host, True) for host in ("localhost", "LOCALHOST.", "127.8.9.1", "::1", "a.localhost")),
        *((host, False) for host in ("0.0.0.0", "10.0.0.1", "localhost.example.org", "::", "")),
    ],
)
def test_loopback(host: str, local: bool) -> None:
    assert is_loopback_host(host) is local


def test_every_field_says_what_it_means_and_every_setting_has_an_example() -> None:
    """The field's doc string names its variable, and `.env.example` shows that variable."""
    source = Path(settings_module.__file__).read_text()
    example = (Path(__file__).parent.parent / ".env.example").read_text()
    for each in fields(Settings):
        _, declared, after = source.partition(f"\n    {each.name}: ")
        assert declared, each.name
        doc = after.splitlines()[1].strip()
        assert doc.startswith('"""'), each.name
        if doc.startswith('"""`'):
            assert doc.split("`")[1] + "=" in example, each.name
