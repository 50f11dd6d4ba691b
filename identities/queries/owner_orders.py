"""Who ranks above whom for each attribute: the default order, or what the installation's settings say instead."""

from django.conf import settings

from identities.rules.attributes import PRIMARY_SUFFIX
from identities.rules.ownership import DEFAULT_ORDER, Order


def order_of(attribute: str) -> Order:
    """The order of owners for an attribute; the choice of a primary value follows its attribute."""
    orders: dict[str, Order] = settings.PORTAL_OWNER_ORDERS
    return orders.get(attribute.removesuffix(PRIMARY_SUFFIX), DEFAULT_ORDER)
