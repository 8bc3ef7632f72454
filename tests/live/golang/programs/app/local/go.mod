module example.test/local

go 1.12
