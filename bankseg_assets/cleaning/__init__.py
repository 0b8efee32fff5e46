"""From records to typed, deduplicated transactions."""
