"""What the portal's answers forbid: content policy, headers, cookies."""

from typing import Any

from csp.constants import NONE, SELF

from provisioning_portal.settings.environment import Environment

CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
}

# Seconds without use, and seconds at most, after which a session ends (OWASP ASVS 5.0, 7.3.1 and 7.3.2).
SESSION_LIMITS = {"person": (30 * 60, 12 * 60 * 60), "administrator": (15 * 60, 8 * 60 * 60)}

ONE_YEAR_SECONDS = 31_536_000


def allowed_hosts(environment: Environment) -> list[str]:
    """The names the portal answers to: its public one, and those of this machine where nobody else is served."""
    host = environment.public_parts.hostname or "localhost"
    local = [] if environment.production else ["localhost", "127.0.0.1", "[::1]"]
    return sorted({host, *local})


def transport_security(environment: Environment) -> dict[str, Any]:
    """Django's settings for HTTPS, as far as the public address has it."""
    secure: dict[str, Any] = {
        "SECURE_CONTENT_TYPE_NOSNIFF": True,
        "SECURE_REFERRER_POLICY": "same-origin",
        "SECURE_CROSS_ORIGIN_OPENER_POLICY": "same-origin",
        "X_FRAME_OPTIONS": "DENY",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "CSRF_COOKIE_HTTPONLY": True,
        "CSRF_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": environment.https,
        "CSRF_COOKIE_SECURE": environment.https,
        "CSRF_TRUSTED_ORIGINS": [environment.origin],
    }
    if environment.https:
        secure |= {
            "SECURE_SSL_REDIRECT": True,
            "SECURE_REDIRECT_EXEMPT": [r"^healthz$"],
            "SECURE_HSTS_SECONDS": ONE_YEAR_SECONDS,
            "SECURE_HSTS_INCLUDE_SUBDOMAINS": True,
            "SECURE_HSTS_PRELOAD": True,
            "SESSION_COOKIE_NAME": "__Host-portal-session",
            "CSRF_COOKIE_NAME": "__Host-portal-csrf",
        }
    if environment.trusted_proxy_count:
        secure["SECURE_PROXY_SSL_HEADER"] = ("HTTP_X_FORWARDED_PROTO", "https")
    return secure
