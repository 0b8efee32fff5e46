"""From a bank's file to its contract: settings with their evidence, and questions."""
