"""Requests and candidates, and what becomes of their text; knows neither Qt nor torch."""
