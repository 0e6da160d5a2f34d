"""Report of an audit: written, rendered, and checked again without a trainer."""
