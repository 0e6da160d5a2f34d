"""Statements: what a claim can assert, each with the test for it and the test against it."""
