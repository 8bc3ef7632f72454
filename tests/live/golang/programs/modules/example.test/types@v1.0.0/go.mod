module example.test/types

go 1.12
