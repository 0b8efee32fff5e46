"""How numbers, text and tables are written for people."""
