"""A column that keeps the folded form of another one, for uniqueness, filters and sorting on every database."""

from typing import Any

from django.db import models

from identities.canonical import fold


class FoldedField(models.CharField):  # type: ignore[type-arg]  # not subscriptable at run time
    """Derived from the field `source` each time the row is written through the ORM's instance methods.

    Statements that bypass instances (`QuerySet.update`, `bulk_update`) must write it themselves.
    """

    def __init__(self, *args: Any, source: str = "", **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 255)
        kwargs.setdefault("editable", False)
        kwargs.setdefault("blank", True)
        kwargs.setdefault("default", "")
        super().__init__(*args, **kwargs)
        self.source = source

    def deconstruct(self) -> Any:
        """Keep the source in migrations."""
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "source": self.source}

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """Fold the source's value, cut to what the column holds (folding can lengthen a text)."""
        value = fold(getattr(model_instance, self.source) or "")[: self.max_length]
        setattr(model_instance, self.attname, value)
        return value


class UniqueFoldedField(FoldedField):
    """A folded name, unique among objects that are not deleted: NULL once they are, so that the name is free again."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.update(unique=True, null=True, default=None)
        super().__init__(*args, **kwargs)

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """Fold the source's value, or NULL for a deleted object or an empty name."""
        value = super().pre_save(model_instance, add) or None
        if getattr(model_instance, "deleted_at", None) is not None:
            value = None
        setattr(model_instance, self.attname, value)
        return value


class FoldedJSONField(models.JSONField):
    """The folded texts of a JSON object of texts, written like `FoldedField`."""

    def __init__(self, *args: Any, source: str = "", **kwargs: Any) -> None:
        kwargs.setdefault("editable", False)
        kwargs.setdefault("blank", True)
        kwargs.setdefault("default", dict)
        super().__init__(*args, **kwargs)
        self.source = source

    def deconstruct(self) -> Any:
        """Keep the source in migrations."""
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "source": self.source}

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """Fold the texts of the source."""
        source = getattr(model_instance, self.source) or {}
        value = {name: fold(text) for name, text in source.items() if isinstance(text, str)}
        setattr(model_instance, self.attname, value)
        return value
