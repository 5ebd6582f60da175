"""The formats of neighbouring tools: read tolerantly, written strictly, and each with a list of what doesn't translate.

`reading.read` takes the text of a file in any of them; `writing.write` gives an agent in one of them. What a format has no
place for is a loss, told by field; a field that nobody knows is a fault, never dropped.
"""
