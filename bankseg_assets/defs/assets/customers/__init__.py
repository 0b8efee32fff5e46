"""From transactions to customers: recency, frequency and monetary value."""
