//go:build go1.18
// +build go1.18

package main

import "example.test/generic"

func more(count int) int { return generic.Work(count) }
