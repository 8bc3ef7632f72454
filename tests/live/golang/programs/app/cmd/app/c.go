//go:build withc
// +build withc

package main

// #include <stdlib.h>
import "C"

func init() { C.abs(-1) }
