"""Page of a report in HTML."""
