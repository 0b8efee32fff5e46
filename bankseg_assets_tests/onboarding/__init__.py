"""Tests of bankseg_assets/onboarding."""
