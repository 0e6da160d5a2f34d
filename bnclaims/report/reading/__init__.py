"""Reports read without trust."""
