"""Checks after deployment: conversations are held with agents, and what comes of them is held against what was expected.

What is expected is judged by pure functions over a transcript; conversations themselves are `foundry.service`'s business.
"""
