"""One audit from request to report: what is asked, what is here, what is trained and judged."""
