"""What the tables and the delivered files look like."""
