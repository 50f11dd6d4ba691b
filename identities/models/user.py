"""The user: a person, an operator or a service, with the SCIM core and enterprise attributes."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import Q
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from identities.canonical import fold
from identities.models.folded_field import FoldedField, UniqueFoldedField
from identities.vocabulary import UserKind, UserState


class UserQuerySet(models.QuerySet):
    """Users by what they are."""

    def persons(self) -> "UserQuerySet":
        """Persons who are not deleted: what lists, counts, scopes and SCIM mean."""
        return self.filter(kind=UserKind.PERSON, deleted_at__isnull=True)

    def present(self) -> "UserQuerySet":
        """Users of any kind who are not deleted."""
        return self.filter(deleted_at__isnull=True)


class UserManager(BaseUserManager):
    """Looks users up by the folded user name alone. Users are made by `identities.actions`, not here."""

    def get_queryset(self) -> UserQuerySet:
        """Every user, deleted ones included."""
        return UserQuerySet(self.model, using=self._db)

    def persons(self) -> UserQuerySet:
        """See `UserQuerySet.persons`."""
        return self.get_queryset().persons()

    def present(self) -> UserQuerySet:
        """See `UserQuerySet.present`."""
        return self.get_queryset().present()

    def get_by_natural_key(self, username: str | None) -> "User":
        """The user with this name, however it is spelt (raises User.DoesNotExist)."""
        return self.get(user_name_key=fold(username or ""))


def _text(label: object, length: int = 255) -> "models.CharField[str, str]":
    return models.CharField(label, max_length=length, blank=True, default="")  # type: ignore[arg-type]


class User(AbstractBaseUser, PermissionsMixin):
    """One record of a person, operator or service.

    Rows are written by `identities.actions` only. `active` is derived there: state active, no suspension asserted, not
    deleted. `left_by_date`: the end date deprovisioned the user, so that a later one undoes it. `owners` maps our
    attribute names to the origin that owns the value where it is not `default_origin`.
    `scim_text` is the stored rendering (`identities.representation`), `version` counts its changes.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("kind"), max_length=10, default=UserKind.PERSON, choices=[(k, k) for k in UserKind])
    user_name = models.CharField(_("user name"), max_length=255)
    user_name_key = UniqueFoldedField(source="user_name")

    given_name = _text(_("given name"))
    family_name = _text(_("family name"))
    middle_name = _text(_("middle name"))
    honorific_prefix = _text(_("honorific prefix"))
    honorific_suffix = _text(_("honorific suffix"))
    formatted_name = _text(_("full name"), 1024)
    display_name = _text(_("display name"))
    nick_name = _text(_("nick name"))
    profile_url = _text(_("profile URL"), 1024)
    title = _text(_("job title"))
    user_type = _text(_("user type"))
    preferred_language = _text(_("preferred language"))
    locale = _text(_("locale"))
    timezone = _text(_("time zone"))
    employee_number = _text(_("employee number"))
    cost_center = _text(_("cost centre"))
    organization = _text(_("organisation"))
    division = _text(_("division"))
    department = _text(_("department"))

    given_name_key = FoldedField(source="given_name", db_index=True)
    family_name_key = FoldedField(source="family_name", db_index=True)
    middle_name_key = FoldedField(source="middle_name")
    honorific_prefix_key = FoldedField(source="honorific_prefix")
    honorific_suffix_key = FoldedField(source="honorific_suffix")
    formatted_name_key = FoldedField(source="formatted_name", max_length=1024)
    display_name_key = FoldedField(source="display_name", db_index=True)
    nick_name_key = FoldedField(source="nick_name")
    title_key = FoldedField(source="title")
    user_type_key = FoldedField(source="user_type")
    preferred_language_key = FoldedField(source="preferred_language")
    locale_key = FoldedField(source="locale")
    timezone_key = FoldedField(source="timezone")
    employee_number_key = FoldedField(source="employee_number", db_index=True)
    cost_center_key = FoldedField(source="cost_center")
    organization_key = FoldedField(source="organization")
    division_key = FoldedField(source="division")
    department_key = FoldedField(source="department", db_index=True)

    manager = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="reports",
        verbose_name=_("manager"),
    )
    org_unit = models.ForeignKey(
        "identities.OrgUnit",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="people",
        verbose_name=_("org unit"),
    )
    start_date = models.DateField(_("start date"), null=True, blank=True)
    end_date = models.DateField(_("end date"), null=True, blank=True)
    custom = models.JSONField(default=dict, blank=True)

    state = models.CharField(_("state"), max_length=15, default=UserState.ACTIVE, choices=[(s, s) for s in UserState])
    left_by_date = models.BooleanField(default=False, editable=False)
    active = models.BooleanField(_("active"), default=True, db_index=True)
    deleted_at = models.DateTimeField(_("deleted"), null=True, blank=True)

    default_origin = models.CharField(_("source"), max_length=80)
    owners = models.JSONField(default=dict, blank=True)
    session_epoch = models.PositiveIntegerField(default=0)
    must_change_password = models.BooleanField(default=False)

    version = models.PositiveIntegerField(default=1)
    scim_text = models.TextField(default="", editable=False)
    rendering_version = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(_("created"), db_index=True)
    modified_at = models.DateTimeField(_("last modified"), db_index=True)

    USERNAME_FIELD = "user_name_key"
    # E-mail addresses are data here; allauth's EmailAddress holds the proved ones.
    EMAIL_FIELD = None  # type: ignore[assignment]
    REQUIRED_FIELDS: ClassVar[list[str]] = ["user_name"]

    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ("user_name_key", "id")
        constraints = (
            models.CheckConstraint(
                condition=Q(deleted_at__isnull=True, user_name_key__isnull=False)
                | Q(deleted_at__isnull=False, user_name_key__isnull=True),
                name="user_name_key_null_when_deleted",
            ),
        )
        indexes = (
            models.Index(fields=["kind", "state"], condition=Q(deleted_at__isnull=True), name="user_kind_state"),
            models.Index(fields=["start_date"], condition=Q(state="staged"), name="user_to_start"),
            models.Index(fields=["end_date"], condition=Q(state="active"), name="user_to_end"),
        )

    def __str__(self) -> str:
        return self.name_for_people

    @property
    def name_for_people(self) -> str:
        """The best name to show: display name, full name, given and family name, user name."""
        joined = f"{self.given_name} {self.family_name}".strip()
        return self.display_name or self.formatted_name or joined or self.user_name

    @property
    def is_staff(self) -> bool:
        """Whether the administrative portal opens: operators only."""
        return self.kind == UserKind.OPERATOR and self.is_active

    @property
    def is_active(self) -> bool:  # type: ignore[override]
        """Whether this user may sign in."""
        return self.active and self.deleted_at is None

    def get_username(self) -> str:
        """The user name as it was typed."""
        return self.user_name

    def get_full_name(self) -> str:
        """See `name_for_people`."""
        return self.name_for_people

    def get_short_name(self) -> str:
        """The given name, or the best name."""
        return self.given_name or self.name_for_people

    def get_session_auth_hash(self) -> str:
        """Changes with the password and with `session_epoch`, so that either ends every session."""
        return self._session_hash(settings.SECRET_KEY)

    def get_session_auth_fallback_hash(self) -> "list[str]":  # type: ignore[override]
        """The same under the previous secret keys."""
        return [self._session_hash(key) for key in settings.SECRET_KEY_FALLBACKS]

    def _session_hash(self, secret: str) -> str:
        value = f"{len(self.password)}:{self.password}{self.session_epoch}"
        return salted_hmac("identities.User.session", value, secret=secret, algorithm="sha256").hexdigest()


class AdministratorManager(UserManager):
    """Operators only."""

    def get_queryset(self) -> UserQuerySet:
        """Operators who are not deleted."""
        return super().get_queryset().filter(kind=UserKind.OPERATOR, deleted_at__isnull=True)


class Administrator(User):
    """The users who administer the portal, as a list of their own. The same rows as `User`."""

    objects: ClassVar[AdministratorManager] = AdministratorManager()  # type: ignore[assignment,misc]

    class Meta:
        proxy = True
        verbose_name = _("administrator")
        verbose_name_plural = _("administrators")
