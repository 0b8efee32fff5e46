"""From customers to named segments."""
