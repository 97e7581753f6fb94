"""Qwill: a reasoning system for open models of the QwQ family."""
__version__ = "0.1.0"
