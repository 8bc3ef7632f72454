module example.test/app/v2

go 1.12

require (
	example.test/generic v1.0.0
	example.test/inlined v1.0.0
	example.test/local v1.0.0
	example.test/old v1.0.0
	example.test/types v1.0.0
	example.test/used v1.2.3
	example.test/dot.ted v1.5.0
	go.example.test/kit v0.4.0
)

replace (
	example.test/local => ./local
	example.test/old v1.0.0 => example.test/fork v1.1.0
)
