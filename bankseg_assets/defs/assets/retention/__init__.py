"""What is older than its limit."""
