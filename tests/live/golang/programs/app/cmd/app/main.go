// The target of the tests: uses modules in every way that the sensor must tell apart.
package main

import (
	"bufio"
	"fmt"
	"os"

	"example.test/app/v2/internal/core"
	"example.test/inlined"
	"example.test/local"
	"example.test/old"
	"example.test/types"
	"example.test/used"
	"example.test/used/deep"
	"example.test/dot.ted"
	"go.example.test/kit"
)

var limit types.Limit = types.Most

func main() {
	count := len(os.Args)
	sum := core.Work(count) + inlined.Double(count) + local.Work(count) + old.Work(count)
	sum += used.Work(count) + deep.Work(count) + dotted.Work(count) + kit.Work(count) + int(limit)
	fmt.Fprintln(os.Stderr, sum+more(count))
	fmt.Println("ready")
	bufio.NewReader(os.Stdin).ReadString('\n')
}
