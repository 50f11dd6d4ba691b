"""The SCIM 2.0 HTTP face (RFC 7644): translates requests, then calls actions. Only this package knows HTTP."""
