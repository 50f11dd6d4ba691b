"""The connectors that come with the portal, one package each; they import only the SPI and one client library."""
