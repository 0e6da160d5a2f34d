"""Whether an executor does the experiment of the reference loop, on the machine at hand."""
