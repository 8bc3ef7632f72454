module example.test/inlined

go 1.12
