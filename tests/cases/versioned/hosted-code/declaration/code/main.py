from desk import answer

print(answer())
