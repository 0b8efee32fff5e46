"""Value of customers: what they will probably do and spend, and how well that was predicted."""
