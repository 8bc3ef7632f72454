package generic

type number interface{ ~int | ~int64 }

//go:noinline
func add[T number](a, b T) T { return a + b }

//go:noinline
func Work(count int) int { return add(count, 4) + int(add(int64(count), 5)) }
