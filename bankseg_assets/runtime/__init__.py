"""How the platform runs: its settings, Spark, Java and scratch files."""
