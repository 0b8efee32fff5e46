"""Assets that turn a bank's transactions into customer segments; importing this imports nothing."""
