"""Store of trained trials: one immutable file each, leases, and what keeps them whole."""
