"""The LDAP connector: OpenLDAP and directories that behave like it, through python-ldap.

Importing this package raises ImportError where python-ldap is not installed; the registry of connectors turns that
into an unavailable connector.
"""

from connectors.catalog.ldap.configuration import LdapConfiguration
from connectors.catalog.ldap.connector import LdapConnector

__all__ = ["LdapConfiguration", "LdapConnector"]
