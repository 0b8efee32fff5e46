"""Launcher, command line, scoring API and demo data: what operators start."""
