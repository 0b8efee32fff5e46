"""Starting and supervising the platform."""
