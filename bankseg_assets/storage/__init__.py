"""Published versions of assets, and files that appear whole or not at all."""
