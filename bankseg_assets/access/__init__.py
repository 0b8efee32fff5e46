"""Who may do what: roles, identities from a login or a proxy, and refusals."""
