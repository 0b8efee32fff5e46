"""Assets of delivered and cleaned transactions."""
