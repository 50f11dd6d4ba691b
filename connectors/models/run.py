"""Runs over many objects: imports, pushes, removals; what they staged and what they found."""

import uuid

from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from connectors.models.system import ConnectedSystem
from connectors.vocabulary import ImportContent, RowState, RunKind, RunState
from identities.models import MappingRow, OrgUnit


class ImportProfile(models.Model):
    """How one kind of file is read: what its rows are, key column, column mapping, and what else it makes.

    Attributes:
        complete: who is missing from a file that this profile imported before is disabled.
        missing_limit, missing_limit_percent: more missing people than both allow have to be confirmed by a person.
        options: settings of the profile (delimiter, encoding, ...), documented in docs/import.md.
    """

    name = models.CharField(_("name"), max_length=60, unique=True)
    description = models.CharField(_("description"), max_length=255, blank=True, default="")
    content = models.CharField(
        _("content"), max_length=12, default=ImportContent.PEOPLE, choices=[(c, c) for c in ImportContent]
    )
    key_column = models.CharField(_("key column"), max_length=120)
    complete = models.BooleanField(_("file is complete"), default=False)
    missing_limit = models.PositiveIntegerField(_("missing, at least"), default=20)
    missing_limit_percent = models.PositiveSmallIntegerField(
        _("missing, percent of what it imported"), default=10, validators=[MaxValueValidator(100)]
    )
    options = models.JSONField(_("options"), default=dict, blank=True)
    created_at = models.DateTimeField(_("created"))
    modified_at = models.DateTimeField(_("last modified"))

    class Meta:
        verbose_name = _("import profile")
        verbose_name_plural = _("import profiles")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class ImportMapping(MappingRow):
    """How one of our attributes is computed from a row of a file."""

    profile = models.ForeignKey(ImportProfile, on_delete=models.CASCADE, related_name="mappings")

    class Meta(MappingRow.Meta):
        abstract = False
        constraints = (
            models.UniqueConstraint(fields=["profile", "attribute"], name="one_mapping_per_imported_attribute"),
        )


class Run(models.Model):
    """One pass over many objects.

    Claimed by a worker like an operation, and resumed by the next one if that worker dies.

    Attributes:
        read_as: how the files of an import are written, as it was detected or fixed by the profile.
        worker_deaths: how many workers of an import vanished, one after the other, since it last got any further.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("kind"), max_length=10, choices=[(k, k) for k in RunKind])
    state = models.CharField(_("state"), max_length=10, default=RunState.WAITING, choices=[(s, s) for s in RunState])
    system = models.ForeignKey(ConnectedSystem, on_delete=models.CASCADE, null=True, blank=True, related_name="runs")
    profile = models.ForeignKey(ImportProfile, on_delete=models.SET_NULL, null=True, blank=True, related_name="runs")
    undoes = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="undone_by")
    file_name = models.CharField(_("file"), max_length=255, blank=True, default="")
    read_as = models.CharField(_("read as"), max_length=255, blank=True, default="", editable=False)
    apply_when_planned = models.BooleanField(default=False)
    confirmed_removals = models.BooleanField(default=False)
    counts = models.JSONField(default=dict, blank=True)
    total = models.PositiveIntegerField(_("total"), default=0)
    processed = models.PositiveIntegerField(_("processed"), default=0)
    checkpoint = models.CharField(max_length=255, blank=True, default="")
    error = models.TextField(blank=True, default="")
    origin = models.CharField(max_length=80, default="admin")
    actor_name = models.CharField(_("started by"), max_length=255)
    actor_id = models.UUIDField(null=True, blank=True)
    correlation_id = models.CharField(max_length=64, blank=True, default="")
    lease_owner = models.CharField(max_length=80, blank=True, default="")
    lease_until = models.DateTimeField(null=True, blank=True)
    fence = models.PositiveIntegerField(default=0)
    worker_deaths = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(_("created"), db_index=True)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"{self.kind} {self.file_name or self.system}"


class StagedRow(models.Model):
    """One row of a file as it was read, what the plan makes of it, and what became of it.

    Rows that the file does not have (who is missing from it, departments that only people's rows name) stand behind
    its last one.

    Attributes:
        difference: `{attribute: [old, new]}` as people read it.
        planned: what the plan was to do, kept when that is done or left.
        written: `{attribute: [old, new]}` as the actions take them, of what was written: what an undo goes by.
    """

    # Every index below begins with the run.
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="rows", db_index=False)
    part = models.CharField(_("part"), max_length=20)
    number = models.PositiveIntegerField(_("row"))
    key = models.CharField(_("key"), max_length=255, blank=True, default="")
    values = models.JSONField(default=dict)
    difference = models.JSONField(default=dict, blank=True)
    state = models.CharField(_("state"), max_length=12, default=RowState.STAGED, choices=[(s, s) for s in RowState])
    planned = models.CharField(_("planned"), max_length=12, blank=True, default="")
    written = models.JSONField(default=dict, blank=True)
    object_id = models.UUIDField(null=True, blank=True)

    class Meta:
        verbose_name = _("row")
        verbose_name_plural = _("rows")
        ordering = ("part", "number")
        constraints = (models.UniqueConstraint(fields=["run", "part", "number"], name="one_staged_row_per_line"),)
        indexes = (
            models.Index(fields=["run", "state", "part", "number"], name="staged_rows_by_state"),
            models.Index(fields=["run", "key"], name="staged_row_key"),
        )

    def __str__(self) -> str:
        return f"{self.part} row {self.number}"


class AwaitedManager(models.Model):
    """The manager of an org unit whom an import named before they were known; set once an import brings them."""

    org_unit = models.OneToOneField(OrgUnit, on_delete=models.CASCADE, related_name="awaited_manager")
    manager_key = models.CharField(max_length=255, db_index=True)
    origin = models.CharField(max_length=80)

    def __str__(self) -> str:
        return f"{self.manager_key} of {self.org_unit_id}"


class Finding(models.Model):
    """Something a run found that a person should know, by row and column where it has them."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="findings")
    part = models.CharField(_("part"), max_length=20, blank=True, default="")
    row = models.PositiveIntegerField(_("row"), null=True, blank=True)
    column = models.CharField(_("column"), max_length=120, blank=True, default="")
    value = models.CharField(_("value"), max_length=255, blank=True, default="")
    code = models.CharField(_("code"), max_length=60)
    message = models.TextField(_("message"))
    blocking = models.BooleanField(_("blocking"), default=True)

    class Meta:
        verbose_name = _("finding")
        verbose_name_plural = _("findings")
        ordering = ("part", "row", "id")

    def __str__(self) -> str:
        return self.message
