"""The LDAP connector beyond the contract, on OpenLDAP and on servers that misbehave."""
