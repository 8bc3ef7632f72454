module go.example.test/kit

go 1.12
