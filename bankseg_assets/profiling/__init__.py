"""What the members of a segment are like."""
