package idle

//go:noinline
func Work(count int) int { return count * 3 }
