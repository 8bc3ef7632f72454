// A workload: uses a function of each of its modules, says of which it was built, and stays.
//
// It prints one line of JSON: {"golang": {"MODULE": "VERSION"}}; its own module has no version.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/google/uuid"
	"github.com/pkg/errors"
	"rsc.io/quote"
)

func main() {
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM)
	fmt.Fprintln(os.Stderr, quote.Hello(), uuid.New(), errors.New("nothing is wrong"))
	info, _ := debug.ReadBuildInfo()
	modules := map[string]string{
		info.Main.Path: "",
		"stdlib":       strings.TrimPrefix(runtime.Version(), "go"),
	}
	for _, module := range info.Deps {
		modules[module.Path] = module.Version
	}
	json.NewEncoder(os.Stdout).Encode(map[string]interface{}{"golang": modules})
	<-ended
}
