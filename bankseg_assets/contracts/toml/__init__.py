"""The contract's TOML model: tables, keys, validation and error messages."""
