package local

//go:noinline
func Work(count int) int { return count + 2 }
