module example.test/used

go 1.12
