"""Measurements of a real server on this machine, beside what the machine allows (docs/performance.md)."""
