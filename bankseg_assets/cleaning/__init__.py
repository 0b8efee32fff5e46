"""Turn raw records into typed, validated, deduplicated transactions."""
