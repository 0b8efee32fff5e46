"""Tests of bankseg_assets.evidence."""
