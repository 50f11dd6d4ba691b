"""The OpenAPI document of the SCIM endpoints: `manage.py spectacular`."""
