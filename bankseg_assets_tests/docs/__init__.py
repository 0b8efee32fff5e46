"""Tests of README.md, CONTRIBUTING.md, docs/ and deploy/README.md."""
