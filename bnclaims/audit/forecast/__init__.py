"""Forecast of an audit: what it will take and be able to see, told before anything is trained."""
