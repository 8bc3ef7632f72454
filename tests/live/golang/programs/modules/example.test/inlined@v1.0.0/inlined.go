package inlined

func Double(count int) int { return (count ^ 0x5a5a) % 1001 }
