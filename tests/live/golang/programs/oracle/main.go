// Prints each import path that the debug information of a Go program has a function of: one that
// was compiled, or one that was inlined into such a function. Knows nothing of the function table.
package main

import (
	"debug/dwarf"
	"debug/elf"
	"fmt"
	"os"
	"sort"
	"strings"
)

func main() {
	file, err := elf.Open(os.Args[1])
	check(err)
	data, err := file.DWARF()
	check(err)
	names := map[dwarf.Offset]string{}
	live := map[dwarf.Offset]bool{}
	for reader := data.Reader(); ; {
		entry, err := reader.Next()
		check(err)
		if entry == nil {
			break
		}
		note(entry, names, live)
	}
	show(names, live)
}

// A function is live if it has an address, or if an entry with an address says that it comes of it.
func note(entry *dwarf.Entry, names map[dwarf.Offset]string, live map[dwarf.Offset]bool) {
	name, _ := entry.Val(dwarf.AttrName).(string)
	origin, derived := entry.Val(dwarf.AttrAbstractOrigin).(dwarf.Offset)
	switch entry.Tag {
	case dwarf.TagSubprogram:
		names[entry.Offset] = name
		if derived {
			live[origin] = true
		} else if entry.Val(dwarf.AttrLowpc) != nil {
			live[entry.Offset] = true
		}
	case dwarf.TagInlinedSubroutine:
		live[origin] = true
	}
}

func show(names map[dwarf.Offset]string, live map[dwarf.Offset]bool) {
	paths := map[string]bool{}
	for offset := range live {
		if path := importPath(names[offset]); path != "" {
			paths[path] = true
		}
	}
	sorted := []string{}
	for path := range paths {
		sorted = append(sorted, path)
	}
	sort.Strings(sorted)
	for _, path := range sorted {
		fmt.Println(path)
	}
}

func importPath(name string) string {
	if cut := strings.IndexAny(name, "[("); cut >= 0 {
		name = name[:cut]
	}
	slash := strings.LastIndex(name, "/") + 1
	dot := strings.Index(name[slash:], ".")
	// Go 1.27 calls closures that are inlined into the runtime "_.goready.func1": no package.
	if strings.HasPrefix(name, "_.") {
		return ""
	}
	if dot < 0 || strings.HasPrefix(name, "type:") || strings.HasPrefix(name, "type..") || strings.HasPrefix(name, "go:") {
		return ""
	}
	return strings.NewReplacer("%2e", ".").Replace(name[:slash+dot])
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
