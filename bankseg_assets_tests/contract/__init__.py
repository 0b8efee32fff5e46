"""The contract as a bank writes it."""
