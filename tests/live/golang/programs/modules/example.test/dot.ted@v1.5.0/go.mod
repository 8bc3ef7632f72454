module example.test/dot.ted

go 1.12
