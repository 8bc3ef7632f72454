"""Real JVMs that tests start: any JDK of the toolbox with a small program, and readings of them."""

from __future__ import annotations

import os
import re
import subprocess
import zipfile
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sensor.host.cache import FileCache
from sensor.host.local import LocalOpener
from sensor.model.budget import Budget
from sensor.resolvers.java import classes
from sensor.resolvers.java.detect import hotspot
from sensor.resolvers.java.graph import calibrated
from sensor.resolvers.java.library import opened
from sensor.resolvers.java.memory import Memory
from tests.fetch import jdk
from tests.harness.skips import need

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensor.host.seam import Cache
    from tests.harness.fixtures import Toolbox

PROGRAMS = Path(__file__).with_name("programs") / "java"
MAX_SLICES = 200
# Where a program finds its work folder, in every root.
WORK = "/tmp"  # noqa: S108 - a mount of a folder of the test's own
JAR = "small.jar"
# How the two logs spell a class that is loaded, and one that is unloaded.
LOADED = re.compile(r"\[Loaded (\S+) from |(?:\]\s|^)(\S+) source: ", re.MULTILINE)
UNLOADED = re.compile(r"[Uu]nloading class (\S+) 0x")
# A hidden class: memory and log spell the address behind the name in different ways.
HIDDEN = re.compile(r"[./+](0x)?[0-9a-f]+$")


@dataclass(frozen=True)
class Jdk:
    """A runtime: `root` is what it sees as `/`, `java` its launcher in there."""

    version: str
    root: Path
    java: str

    def command(self, work: Path, words: list[str]) -> list[str]:
        """How to start it, so that it is the process that is started, with `work` at WORK."""
        mounts = ["set -e", f"mount --bind {work} {self.root}{WORK}"]
        enter = ""
        if self.root != Path("/"):
            mounts.insert(1, f"mount --bind {self.root} {self.root}")
            mounts.append(f"mount -t proc proc {self.root}/proc")
            enter = f"chroot {self.root} "
        script = "\n".join([*mounts, f'exec {enter}"$@"'])
        return ["unshare", "--mount", "sh", "-c", script, "sh", self.java, *words]


def jdk_of(toolbox: Toolbox, version: str) -> Jdk:
    """A JDK of the toolbox: "8" … "27", or the vendor's. Skips when it is not there."""
    need(os.geteuid() == 0, "a JVM gets mounts of its own", "root")
    if version == jdk.VENDOR_NAME:
        return Jdk(version, Path("/"), str(toolbox.path(version) / "java" / "bin" / "java"))
    root = toolbox.path(jdk.component(version))
    jvm = f"usr/lib/jvm/java-{version}-openjdk-amd64"
    jre = "jre/" if (root / jvm / "jre").exists() else ""
    return Jdk(version, root, f"/{jvm}/{jre}bin/java")


def compiled(toolbox: Toolbox, folder: Path) -> Path:
    """Compile the programs, for Java 8 and later, into a JAR in the folder."""
    toolbox.path("maven")
    sources = sorted(str(path) for path in PROGRAMS.glob("*.java"))
    options = ["--release", "8", "-Xlint:-options", "-encoding", "utf-8"]
    subprocess.run(["javac", *options, "-d", str(folder / "classes"), *sources], check=True)
    with zipfile.ZipFile(folder / JAR, "w") as archive:
        for file in (folder / "classes").iterdir():
            archive.write(file, file.name)
    return folder


@dataclass
class Jvm:
    """A started JVM and its log of classes."""

    popen: subprocess.Popen[str]
    log: Path

    @property
    def pid(self) -> int:
        return self.popen.pid

    def says(self, line: str) -> None:
        """Wait for a line of its output."""
        assert self.popen.stdout
        for said in self.popen.stdout:
            if said.strip() == line:
                return
        raise AssertionError(f"it did not say {line}")

    def tell(self, letter: str, answer: str) -> None:
        """Have it do something, and wait until it has."""
        assert self.popen.stdin
        self.popen.stdin.write(letter)
        self.popen.stdin.flush()
        self.says(answer)

    def truth(self) -> Counter[str]:
        """The classes that it has loaded and not unloaded, by its log; hidden ones are one name."""
        unloaded = UNLOADED.findall(self.log.read_text(errors="surrogateescape"))
        return self.loaded() - Counter(plain(name) for name in unloaded)

    def loaded(self) -> Counter[str]:
        """The classes that it has ever loaded."""
        found = LOADED.findall(self.log.read_text(errors="surrogateescape"))
        return Counter(plain(one or other) for one, other in found)


def plain(name: str) -> str:
    """A class name as both sides can spell it."""
    return "hidden" if HIDDEN.search(name) else name.replace("/", ".")


@contextmanager
def running(
    jdk: Jdk, work: Path, program: str, *options: str, log: bool = True, say: str = "READY"
) -> Iterator[Jvm]:
    """Run a compiled program of `work`, and wait until it says that it is ready."""
    words = [*options, *(logging(jdk) if log else ()), "-Dfile.encoding=UTF-8"]
    words += ["-cp", f"{WORK}/{JAR}", program, f"{WORK}/{JAR}"]
    with subprocess.Popen(
        jdk.command(work, words),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"LC_ALL": "C.UTF-8", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
    ) as popen:
        jvm = Jvm(popen, work / "classes.log")
        try:
            jvm.says(say)
            yield jvm
        finally:
            popen.kill()


def logging(jdk: Jdk) -> list[str]:
    """Have every class logged, as the version can."""
    if jdk.version == "8":
        file = f"-XX:LogFile={WORK}/classes.log"
        return ["-XX:+UnlockDiagnosticVMOptions", "-XX:+LogVMOutput", "-XX:-DisplayVMOutput", file,
                "-XX:+TraceClassLoading", "-XX:+TraceClassUnloading"]  # fmt: skip
    return [f"-Xlog:class+load,class+unload:file={WORK}/classes.log"]


def read(pid: int, cache: Cache | None = None) -> classes.Classes | None:
    """All classes of a JVM, in as many slices as it takes; None while it is starting."""
    opener, known = LocalOpener(), cache or FileCache()
    state: classes.State | None = None
    for _ in range(MAX_SLICES):
        with opener.open_process(opener.key(pid)) as process, Memory(process) as memory:
            mapping = hotspot(process)
            assert mapping
            library = calibrated(memory, opened(process, memory, mapping, known))
            state = state or classes.begun(memory, library)
            state = classes.gone_on(memory, library, Budget(process.meter), state)
            if state is None:
                return None
            if "loaders" in state:
                return classes.classes_of(state)
    raise AssertionError("the walk does not end")


def names(found: classes.Classes) -> Counter[str]:
    """What `Jvm.truth` should be: every class by its name, and how many are hidden."""
    counted = Counter(plain(k.name) for loader in found.loaders for k in loader.classes)
    hidden = found.total - counted.total()
    return counted + Counter({"hidden": hidden} if hidden else {})
