"""Assets of segments and what is said of them."""
