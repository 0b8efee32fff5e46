"""Assets of segments, their profiles, actions and migration."""
