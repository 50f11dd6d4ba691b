"""The SCIM 2.0 client connector (RFC 7643, RFC 7644), tolerant of the peers that exist."""

from connectors.catalog.scim.configuration import ScimConfiguration
from connectors.catalog.scim.connector import ScimConnector

__all__ = ["ScimConfiguration", "ScimConnector"]
