"""The benchmark of the SCIM service: `make bench`, or `python -m tests.benchmarks --help`. No part of the suite."""
