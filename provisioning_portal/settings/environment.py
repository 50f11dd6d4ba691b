"""The portal's environment: the only reader of the process environment, typed and checked as a whole.

Every variable is a field of `Environment`, with its meaning beside it. A wrong value, or a combination that is not
safe, is reported together with all others, so that one start is enough to see everything that has to be mended.
"""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, available_timezones

from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from identities.rules.attributes import is_attribute
from identities.rules.ownership import Order, read_order

BASE_DIR = Path(__file__).resolve().parent.parent.parent
MINIMUM_SECRET_LENGTH = 50
LOOPBACK_NETWORKS = ("127.0.0.0/8", "::1/128")

Texts = Annotated[tuple[str, ...], NoDecode]


def is_loopback(host: str | None) -> bool:
    """Whether a host name or address means this machine."""
    if host is None:
        return False
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Environment(BaseSettings):
    """What the environment says. Lists are written with commas."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    data_dir: Path = Field(BASE_DIR / "data", description="Where the embedded default keeps everything it writes.")
    database_url: str = Field("", description="postgresql://user:password@host:port/name; empty: SQLite in DATA_DIR.")
    redis_url: str = Field("", description="redis:// or rediss://; empty: a message folder in DATA_DIR.")
    port: int = Field(8000, ge=1, le=65535, description="Where the web process listens.")
    host: str = Field("127.0.0.1", description="The address the web process listens on.")
    public_url: str = Field("", description="How browsers and SCIM clients reach the portal; every link starts so.")
    secret_key: str = Field("", description="Signs sessions; at least 50 characters.")
    secret_key_fallbacks: Texts = Field((), description="Former SECRET_KEYs that are still accepted.")
    vault_keys: Texts = Field((), description="Fernet keys for stored secrets; the first one encrypts.")
    debug: bool = Field(default=False, description="Django's error pages; for developers only.")
    time_zone: str = Field("UTC", description="The zone of start and end dates.")
    owner_orders: Annotated[dict[str, Order], NoDecode] = Field(
        {}, description="Who ranks above whom, where an attribute has its own order; separated by semicolons."
    )
    allowed_networks: Texts | None = Field(None, description="Non-public networks that connectors may reach.")
    allowed_sqlite_dir: Path | None = Field(None, description="Where SQLite systems must lie.")
    import_drop_folder: Path | None = Field(None, description="Where files to import are dropped; empty: nowhere.")
    lease_seconds: float = Field(60, gt=0, description="How long a claimed operation belongs to its worker.")
    poll_seconds: float | None = Field(None, gt=0, description="How often a worker looks without a doorbell.")
    call_deadline_seconds: float = Field(30, gt=0, description="The longest a call to a connected system may take.")
    backoff_base_seconds: float = Field(2, gt=0, description="The first pause after a transient failure.")
    breaker_open_seconds: float = Field(15, gt=0, description="How long a failing system is left alone.")
    worker_slots: int = Field(4, ge=1, le=64, description="Operations a worker process handles at once.")
    web_workers: int | None = Field(None, ge=1, le=64, description="Web processes; SQLite allows one.")
    web_threads: int = Field(4, ge=1, le=64, description="Requests a web process handles at once.")
    require_totp: bool | None = Field(None, description="Operators need a second factor; left out: in production.")
    demo_data: bool | None = Field(None, description="Import the demo people on the first start; not in production.")
    email_url: str = Field("", description="smtp[s]://user:password@host:port or console:; empty: files in DATA_DIR.")
    email_from: str = Field("portal@localhost", description="The sender of the portal's mail.")
    trusted_proxy_count: int = Field(0, ge=0, le=5, description="Proxies before the portal that set X-Forwarded-*.")
    request_log_days: int = Field(30, ge=1, description="How long the request log of API clients is kept.")
    expiry_warning_days: int = Field(14, ge=1, description="How long ahead expiring API clients are warned of.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("secret_key_fallbacks", "vault_keys", "allowed_networks", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("owner_orders", mode="before")
    @classmethod
    def _orders(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        orders: dict[str, Order] = {}
        for part in filter(None, (part.strip() for part in value.split(";"))):
            attribute, colon, order = (each.strip() for each in part.partition(":"))
            if not colon or not is_attribute(attribute):
                raise ValueError("is written as emails: admin > scim > file/system > rule > idp > self; title: ...")
            orders[attribute] = read_order(order)
        return orders

    @field_validator("data_dir", "allowed_sqlite_dir", "import_drop_folder")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return value.expanduser().resolve() if value else None

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("is not a time zone, for example Europe/Paris")
        return ZoneInfo(value).key

    @field_validator("allowed_networks")
    @classmethod
    def _networks(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for network in value or ():
            ipaddress.ip_network(network)
        return value

    @field_validator("vault_keys")
    @classmethod
    def _fernet_keys(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for key in value:
            try:
                Fernet(key)
            except ValueError as error:
                raise ValueError("every key must be 32 bytes in URL-safe base64") from error
        return value

    @field_validator("database_url")
    @classmethod
    def _postgresql(cls, value: str) -> str:
        if value and urlsplit(value).scheme not in {"postgresql", "postgres"}:
            raise ValueError("must start with postgresql://, or be left out for SQLite")
        return value

    @field_validator("redis_url")
    @classmethod
    def _redis(cls, value: str) -> str:
        if value and urlsplit(value).scheme not in {"redis", "rediss"}:
            raise ValueError("must start with redis:// or rediss://")
        return value

    @field_validator("public_url")
    @classmethod
    def _origin_only(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/")):
            raise ValueError("must be http(s)://host[:port] without a path")
        return value.rstrip("/")

    @field_validator("email_url")
    @classmethod
    def _mail(cls, value: str) -> str:
        if value and urlsplit(value).scheme not in {"smtp", "smtps", "console"}:
            raise ValueError("must start with smtp://, smtps:// or console:")
        return value

    @model_validator(mode="after")
    def _safe_together(self) -> Environment:
        mistakes = [*self._general_mistakes(), *(self._production_mistakes() if self.production else ())]
        if mistakes:
            raise ValueError("\n".join(mistakes))
        return self

    def _general_mistakes(self) -> list[str]:
        needs = {
            "CALL_DEADLINE_SECONDS must be below LEASE_SECONDS": self.call_deadline_seconds < self.lease_seconds,
            "WEB_WORKERS above 1 needs a PostgreSQL DATABASE_URL": not self.embedded or (self.web_workers or 1) == 1,
            f"SECRET_KEY must have at least {MINIMUM_SECRET_LENGTH} characters": (
                not self.secret_key or len(self.secret_key) >= MINIMUM_SECRET_LENGTH
            ),
            "TRUSTED_PROXY_COUNT must be at least 1: HTTPS ends at a proxy": (
                not self.https or self.trusted_proxy_count > 0
            ),
        }
        return [text for text, met in needs.items() if not met]

    def _production_mistakes(self) -> list[str]:
        broker = urlsplit(self.redis_url)
        needs = {
            "DEBUG must be off": not self.debug,
            "SECRET_KEY must be set": bool(self.secret_key),
            "VAULT_KEYS must be set": bool(self.vault_keys),
            "REDIS_URL must be set": bool(self.redis_url),
            "REDIS_URL must carry a password, Redis is not on this machine": (
                not self.redis_url or is_loopback(broker.hostname) or bool(broker.password)
            ),
            "PUBLIC_URL must be https": self.https,
        }
        return [text for text, met in needs.items() if not met]

    @property
    def embedded(self) -> bool:
        """Whether the portal keeps its data in SQLite."""
        return not self.database_url

    @property
    def production(self) -> bool:
        """Whether the portal serves others than this machine, or runs on an announced address."""
        return not self.embedded and not is_loopback(self.public_parts.hostname)

    @property
    def public_parts(self) -> SplitResult:
        """PUBLIC_URL, or where the web process listens, in parts."""
        return urlsplit(self.origin)

    @property
    def origin(self) -> str:
        """PUBLIC_URL without a slash at its end."""
        return self.public_url or f"http://localhost:{self.port}"

    @property
    def https(self) -> bool:
        """Whether browsers reach the portal by HTTPS."""
        return self.public_parts.scheme == "https"


def load() -> Environment:
    """Read and check the environment.

    Raises:
        ImproperlyConfigured: with one line for every mistake, naming its variable.
    """
    try:
        return Environment()
    except ValidationError as error:
        lines = []
        for mistake in error.errors():
            name = ".".join(str(part) for part in mistake["loc"]).upper()
            text = mistake["msg"].removeprefix("Value error, ")
            lines += [f"{name}: {text}"] if name else text.splitlines()
        raise ImproperlyConfigured("The environment is not usable:\n  " + "\n  ".join(lines)) from None
