module example.test/old

go 1.12
