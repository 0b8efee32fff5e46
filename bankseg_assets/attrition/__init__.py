"""Customers about to leave: who is unusually silent or spends less, and how well this predicts."""
