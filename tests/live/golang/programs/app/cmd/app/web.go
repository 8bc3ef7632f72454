//go:build web
// +build web

package main

import (
	"net/http"
	"os"
)

// Links net/http, and with it the modules that the standard library has copies of.
func init() {
	if len(os.Args) > 9 {
		http.Get(os.Args[9])
	}
}
