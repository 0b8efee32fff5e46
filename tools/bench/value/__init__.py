"""Compare fitting and scoring customers' value with the ways users have without bankseg."""
