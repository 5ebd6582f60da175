"""Who answers for a model: rules written for an agent, a model behind a URL, or a deterministic look-up.

The three are asked in that order. They say what to do next; `loop` does it, tool call by tool call, and can be left and
entered again at any point, because everything it knows is in the frame it is given.
"""
