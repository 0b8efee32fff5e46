"""Erase customers from everything that is kept, and show what is held on one."""
