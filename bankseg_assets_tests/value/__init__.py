"""Tests of the forecasts of customers."""
