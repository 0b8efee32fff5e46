"""The contract as a bank writes it: its tables and keys, and what is wrong with one."""
