"""Evidence for auditors and model validators: one archive of a release, readable offline."""
