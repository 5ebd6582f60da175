print(30)
