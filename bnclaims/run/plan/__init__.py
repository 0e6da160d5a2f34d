"""The plan of an audit as tables for people."""
