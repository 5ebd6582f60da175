def answer():
    return "Hello."
