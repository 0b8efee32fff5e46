"""Tests of bankseg_assets.privacy."""
