"""Made-up data of made-up banks."""
