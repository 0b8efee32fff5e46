"""Tests of bankseg_assets.erasure."""
