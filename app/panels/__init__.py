"""Parts of single pages."""
