"""Evidence: the table (seed x readout) that a claim is judged on."""
