package core

//go:noinline
func Work(count int) int { return count + 1 }
