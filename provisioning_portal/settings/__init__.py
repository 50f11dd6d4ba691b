"""Django's settings, built from the environment (see `environment.py` for every variable)."""

import secrets

from cryptography.fernet import Fernet
from django.urls import reverse_lazy

from provisioning_portal.settings import admin_theme, databases, mail, queue, security
from provisioning_portal.settings.environment import BASE_DIR, LOOPBACK_NETWORKS, load
from provisioning_portal.settings.kept_secrets import kept_secret

environment = load()
environment.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)

DEBUG = environment.debug
SECRET_KEY = environment.secret_key or kept_secret(
    environment.data_dir / "secret_key", lambda: secrets.token_urlsafe(64)
)
SECRET_KEY_FALLBACKS = list(environment.secret_key_fallbacks)
ALLOWED_HOSTS = security.allowed_hosts(environment)
ROOT_URLCONF = "provisioning_portal.urls"
WSGI_APPLICATION = "provisioning_portal.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "provisioning_portal.apps.PortalConfig",
    "provisioning_portal.apps.PortalAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.idp.oidc",
    "rest_framework",
    "drf_spectacular",
    # Before auditlog, whose command that deletes the audit trail it turns off.
    "identities",
    "auditlog",
    "tree_queries",
    "csp",
    "selfservice",
    "connectors",
]

MIDDLEWARE = [
    "provisioning_portal.forwarded.TrustedProxyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "provisioning_portal.scim_requests.ScimRequestsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "provisioning_portal.content_policy.ContentPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "selfservice.session_limits.SessionLimitsMiddleware",
    "selfservice.middleware.RequiredStepsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {"default": databases.database(environment)}
CACHES = {"default": databases.cache(environment)}

AUTH_USER_MODEL = "identities.User"
# Looks users up by the folded user name (`UserManager.get_by_natural_key`), in the same time whether found or not.
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = reverse_lazy("account_login")
LOGOUT_REDIRECT_URL = reverse_lazy("account_login")
PASSWORD_RESET_TIMEOUT = 60 * 60
PORTAL_SESSION_LIMITS = security.SESSION_LIMITS
SESSION_COOKIE_AGE = max(seconds for _idle_seconds, seconds in PORTAL_SESSION_LIMITS.values())
# allauth: the client's address stands behind this many proxies in X-Forwarded-For.
ALLAUTH_TRUSTED_PROXY_COUNT = environment.trusted_proxy_count
ACCOUNT_USER_MODEL_USERNAME_FIELD = "user_name"
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_ADAPTER = "selfservice.account_adapter.PortalAccountAdapter"
ACCOUNT_FORMS = {
    "login": "selfservice.forms.SignInForm",
    "reauthenticate": "selfservice.forms.ReauthenticateForm",
    "change_password": "selfservice.forms.ChangePasswordForm",
    "reset_password": "selfservice.forms.RequestResetForm",
    "reset_password_from_key": "selfservice.forms.NewPasswordForm",
    "add_email": "selfservice.forms.AddAddressForm",
}
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "selfservice.password_reset.ResetTokens"  # noqa: S105  a class, not a token
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_SESSION_REMEMBER = False
MFA_ADAPTER = "selfservice.mfa_adapter.PortalMfaAdapter"
MFA_FORMS = {
    "authenticate": "selfservice.forms.SecondFactorForm",
    "reauthenticate": "selfservice.forms.SecondFactorAgainForm",
    "activate_totp": "selfservice.forms.ActivateTotpForm",
}
# Addresses serve to reset passwords only once they are proved; until then they are no danger to anybody.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Provisioning portal"
# OAuth tokens of API clients. They are opaque, so that each is looked up and worthless the moment it is revoked.
IDP_OIDC_ACCESS_TOKEN_FORMAT = "opaque"  # noqa: S105  a form, not a token
IDP_OIDC_ACCESS_TOKEN_EXPIRES_IN = 60 * 60
IDP_OIDC_AUTH_METHODS = ["client_secret_basic", "client_secret_post"]
UNFOLD = admin_theme.UNFOLD

AUDITLOG_LOGENTRY_MODEL = "identities.AuditEntry"
AUDITLOG_STORE_JSON_CHANGES = True

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "UNAUTHENTICATED_USER": None,
    # SCIM passes over query parameters that it does not know, `format` among them.
    "URL_FORMAT_OVERRIDE": None,
}
# `manage.py spectacular` prints the OpenAPI document of the SCIM endpoints.
SPECTACULAR_SETTINGS = {
    "TITLE": "Provisioning portal: SCIM 2.0",
    "DESCRIPTION": "The SCIM 2.0 service provider of the portal (RFC 7643, RFC 7644).",
    "VERSION": "2.0",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/scim/v2",
    "PREPROCESSING_HOOKS": ["identities.scim.openapi.operations.only_scim"],
    "POSTPROCESSING_HOOKS": ["identities.scim.openapi.operations.add_components"],
    # It would make the document, and for that read the declared attributes: a check needs no database.
    "ENABLE_DJANGO_DEPLOY_CHECK": False,
}
# Read by django-scim2 when its adapters are imported; links are made from PORTAL_PUBLIC_URL by our own adapters.
SCIM_SERVICE_PROVIDER = {
    "SCHEME": environment.public_parts.scheme,
    "NETLOC": environment.public_parts.netloc,
    "AUTHENTICATION_SCHEMES": [],
}

LANGUAGE_CODE = "en"
TIME_ZONE = environment.time_zone
USE_I18N = True
USE_TZ = True
LOCALE_PATHS = [BASE_DIR / "locale"]

FILE_UPLOAD_HANDLERS = [
    "provisioning_portal.upload_limit.UploadLimit",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Static files are served from where they stand, so that one command runs a fresh clone without collecting them.
WHITENOISE_USE_FINDERS = True

CONTENT_SECURITY_POLICY = security.CONTENT_SECURITY_POLICY
globals().update(security.transport_security(environment))
globals().update(mail.mail(environment))
globals().update({f"CELERY_{name.upper()}": value for name, value in queue.queue(environment).items()})

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": environment.log_level},
    "loggers": {
        # Propagate to the root handler only: Django's own handlers would print every line twice.
        "django": {"handlers": [], "level": environment.log_level, "propagate": True},
        # Anybody can ask for a wrong host; a trace for each would bury what matters.
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        "celery": {"level": "WARNING"},
        "kombu": {"level": "WARNING"},
    },
}

PORTAL_DATA_DIR = environment.data_dir
PORTAL_EMBEDDED = environment.embedded
PORTAL_PUBLIC_URL = environment.origin
PORTAL_LEASE_SECONDS = environment.lease_seconds
PORTAL_POLL_SECONDS = environment.poll_seconds or (1.0 if environment.embedded else 2.0)
PORTAL_CALL_DEADLINE_SECONDS = environment.call_deadline_seconds
PORTAL_BACKOFF_BASE_SECONDS = environment.backoff_base_seconds
PORTAL_BREAKER_OPEN_SECONDS = environment.breaker_open_seconds
PORTAL_WORKER_SLOTS = environment.worker_slots
# How long a line of the request log may wait in the memory of the process that answered.
PORTAL_REQUEST_LOG_SECONDS = 1.0
# How long a process may rely on what the database said of a token.
PORTAL_VERDICT_SECONDS = 5.0
PORTAL_REQUEST_LOG_DAYS = environment.request_log_days
PORTAL_EXPIRY_WARNING_DAYS = environment.expiry_warning_days
PORTAL_IMPORT_DROP_FOLDER = environment.import_drop_folder
PORTAL_SQLITE_DIR = environment.allowed_sqlite_dir or environment.data_dir / "databases"
PORTAL_ALLOWED_NETWORKS = (
    environment.allowed_networks
    if environment.allowed_networks is not None
    else (() if environment.production else LOOPBACK_NETWORKS)
)
# In the file one a line, the newest first.
PORTAL_VAULT_KEYS = environment.vault_keys or tuple(
    kept_secret(environment.data_dir / "vault_keys", lambda: Fernet.generate_key().decode()).split()
)
PORTAL_OWNER_ORDERS = environment.owner_orders
PORTAL_REQUIRE_TOTP = environment.require_totp if environment.require_totp is not None else environment.production
PORTAL_DEMO_DATA = environment.demo_data if environment.demo_data is not None else not environment.production
PORTAL_WEB_HOST = environment.host
PORTAL_WEB_PORT = environment.port
PORTAL_WEB_WORKERS = environment.web_workers or (1 if environment.embedded else 2)
PORTAL_WEB_THREADS = environment.web_threads
