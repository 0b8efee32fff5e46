"""Tools that test the platform from outside."""
