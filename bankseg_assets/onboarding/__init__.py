"""From a bank's file to its contract: what the file says is proposed, what it leaves open is asked."""
