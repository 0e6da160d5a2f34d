"""Index of all reports in a folder, and their badges."""
