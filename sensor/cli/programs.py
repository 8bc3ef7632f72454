"""The small programs of the demo, one for each runtime: what they are, how they are built and run.

Each prints one line when it is up, and ends when its standard input ends: none outlives the demo.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

# What this very interpreter needs for the sensor is there for sure; it makes a fair example.
PYTHON = """\
import sys
import orjson, packageurl, psutil, urllib3
print("up", flush=True)
sys.stdin.read()
"""
GO = """\
package main

import (
	"encoding/json"
	"io"
	"os"
)

func main() {
	json.NewEncoder(os.Stdout).Encode("up")
	io.Copy(io.Discard, os.Stdin)
}
"""
NODE = """\
console.log("up");
process.stdin.resume();
"""
JAVA = """\
class Demo {
    public static void main(String[] words) throws java.io.IOException {
        System.out.println("up");
        System.out.flush();
        while (System.in.read() >= 0) { }
    }
}
"""
DOTNET = """\
printfn "up"
System.Console.Out.Flush()
System.Console.In.ReadToEnd() |> ignore
"""


@dataclass(frozen=True, slots=True)
class Program:
    """One program of the demo.

    `tool` is the command that must be on PATH, `files` are written into a folder of its own, and
    `build` and `start` run there; `environment` is added to ours for both.
    """

    runtime: str
    tool: str
    files: tuple[tuple[str, str], ...]
    start: tuple[str, ...]
    build: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()


# A toolchain or a module must not be fetched for a demo: nothing here uses the network.
OFFLINE_GO = (
    ("CGO_ENABLED", "0"),
    ("GO111MODULE", "on"),
    ("GOFLAGS", ""),
    ("GOPROXY", "off"),
    ("GOTOOLCHAIN", "local"),
    ("GOWORK", "off"),
)
QUIET_DOTNET = (("DOTNET_CLI_TELEMETRY_OPTOUT", "1"), ("DOTNET_NOLOGO", "1"))

PROGRAMS = (
    Program("Python", sys.executable, (("demo.py", PYTHON),), (sys.executable, "demo.py")),
    Program(
        "Go",
        "go",
        (("main.go", GO), ("go.mod", "module example.test/demo\n")),
        ("./demo",),
        ("go", "build", "-o", "demo", "."),
        OFFLINE_GO,
    ),
    Program("Node.js", "node", (("demo.js", NODE),), ("node", "demo.js")),
    # A single source file is compiled in memory since Java 11 (JEP 330); it needs a JDK.
    Program("Java", "java", (("Demo.java", JAVA),), ("java", "Demo.java")),
    # `dotnet fsi` runs a script without a project; it needs an SDK.
    Program(
        ".NET", "dotnet", (("demo.fsx", DOTNET),), ("dotnet", "fsi", "demo.fsx"), (), QUIET_DOTNET
    ),
)
