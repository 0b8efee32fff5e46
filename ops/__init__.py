"""Tools that run beside the platform: what an operator starts by hand."""
