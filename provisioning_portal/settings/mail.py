"""Where the portal's mail goes."""

from typing import Any
from urllib.parse import unquote, urlsplit

from provisioning_portal.settings.environment import Environment

MAIL_TIMEOUT_SECONDS = 10


def mail(environment: Environment) -> dict[str, Any]:
    """Django's mail settings for EMAIL_URL: an SMTP server, the console, or files in the data folder."""
    parts = urlsplit(environment.email_url)
    sender = {"DEFAULT_FROM_EMAIL": environment.email_from, "SERVER_EMAIL": environment.email_from}
    if parts.scheme == "console":
        return {**sender, "EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}
    if not parts.scheme:
        return {
            **sender,
            "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "EMAIL_FILE_PATH": environment.data_dir / "mail",
        }
    implicit_tls = parts.scheme == "smtps"
    return {
        **sender,
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname or "localhost",
        "EMAIL_PORT": parts.port or (465 if implicit_tls else 587),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": implicit_tls,
        "EMAIL_USE_TLS": not implicit_tls and "notls" not in parts.query,
        "EMAIL_TIMEOUT": MAIL_TIMEOUT_SECONDS,
    }
