"""Help for developers."""
