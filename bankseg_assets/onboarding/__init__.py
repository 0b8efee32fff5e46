"""Propose a contract from a bank's file: settings with evidence, and open questions."""
