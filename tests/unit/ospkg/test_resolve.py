"""The resolver of OS packages over trees in memory: what it says, and what that costs."""

from __future__ import annotations

import json
from dataclasses import asdict
from itertools import count

import pytest

from sensor.host.cache import FileCache
from sensor.model.file import FileId
from sensor.model.finding import Depth, Finding, State
from sensor.resolvers.ospkg import OSPKG, sorting
from sensor.resolvers.ospkg.reading import MAX_ODD
from tests.support.tree import Tree
from tests.unit.ospkg.made import (
    BASH,
    INFO,
    LIB,
    LIBC,
    RELEASE,
    SSH,
    STATUS,
    Deb,
    Process,
    debian,
    paragraph,
    purls,
    resolve,
    told,
)

BASH_PURL = "pkg:deb/debian/bash@5.2.15-2%2Bb8?arch=amd64&distro=debian-12"
LIBC_PURL = "pkg:deb/debian/libc6@2.36-9%2Bdeb12u14?arch=amd64&distro=debian-12"
SHELL = ("/usr/bin/bash", f"{LIB}/libc.so.6")


def test_program_and_library_with_evidence() -> None:
    found = resolve(Process(debian(BASH, LIBC, SSH), *SHELL))
    assert purls(found) == [BASH_PURL, LIBC_PURL]
    bash, libc = found.packages
    assert (bash.state, bash.depth) == (State.LOADED, Depth.LOADED)
    assert (bash.name, bash.version) == ("bash", "5.2.15-2+b8")
    mapped, listed = libc.evidence
    assert (mapped.kind, mapped.source, mapped.path) == ("mapping", "maps", SHELL[1])
    assert mapped.detail == "2000000-2001000 r-xp"
    assert (listed.kind, listed.path) == ("dpkg", f"{INFO}/libc6:amd64.list")
    assert found.gaps == ()
    assert found.coverage is not None
    assert found.coverage.complete
    assert found.coverage.how == "mapped files, by dpkg's lists of debian-12"


def test_the_epoch_is_part_of_the_version() -> None:
    found = resolve(Process(debian(SSH), "/usr/sbin/sshd"))
    assert purls(found) == ["pkg:deb/debian/openssh-server@1:9.2p1-2?arch=amd64&distro=debian-12"]


@pytest.mark.parametrize(
    "state", ["unpacked", "half-configured", "triggers-pending", "triggers-awaited"]
)
def test_unpacked_files_can_be_mapped(state: str) -> None:
    deb = BASH._replace(state=f"install ok {state}")
    assert purls(resolve(Process(debian(deb), "/usr/bin/bash"))) == [BASH_PURL]


def test_a_package_that_status_does_not_have_has_no_version() -> None:
    deb = BASH._replace(state="install reinstreq half-installed")
    found = resolve(Process(debian(deb, LIBC), *SHELL))
    assert [(p.name, p.version, p.state) for p in found.packages] == [
        ("bash", None, State.LOADED),
        ("libc6", "2.36-9+deb12u14", State.LOADED),
    ]
    assert told(found) == {"package not in status: version not known": "1: bash"}


def test_several_files_of_one_package_are_one_fact() -> None:
    libm = f"{LIB}/libm.so.6"
    deb = LIBC._replace(listed=(f"{LIB}/libc.so.6", libm))
    (package,) = resolve(Process(debian(deb), f"{LIB}/libc.so.6", libm)).packages
    assert package.evidence[0].detail == "1000000-1001000 r-xp, and 1 more of its files"


def test_distroless_has_parts_and_sums() -> None:
    libc = LIBC._replace(listed=())
    ssl = Deb("libssl1.1", "1.1.1w-0", ())
    sums = "d41d8cd98f00b204e9800998ecf8427e  "
    parts = "/var/lib/dpkg/status.d"
    tree = Tree(
        {
            "/etc/os-release": RELEASE,
            f"{parts}/libc6": paragraph(libc, state=False),
            f"{parts}/libc6.md5sums": f"{sums}lib/x86_64-linux-gnu/libc.so.6\n",
            # As the tools that build them cut names.
            f"{parts}/libssl1": paragraph(ssl, state=False),
            f"{parts}/libssl1.md5sums": f"{sums}usr/lib/x86_64-linux-gnu/libssl.so.1.1\n",
            f"{LIB}/libc.so.6": "",
        },
        {"/lib": "usr/lib"},
    )
    found = resolve(Process(tree, "/app", f"{LIB}/libc.so.6", f"{LIB}/libssl.so.1.1"))
    assert [(p.name, p.version) for p in found.packages] == [
        ("libc6", "2.36-9+deb12u14"),
        ("libssl1.1", "1.1.1w-0"),
    ]
    assert told(found) == {"file owned by no package": "1: /app"}


def test_each_architecture_has_its_own_list() -> None:
    other = LIBC._replace(
        arch="i386", list_name="libc6:i386", listed=("/lib/i386-linux-gnu/libc.so.6",)
    )
    tree = debian(BASH, LIBC, other)
    assert LIBC_PURL in purls(resolve(Process(tree, *SHELL)))
    narrow = Process(tree, "/usr/bin/bash", "/usr/lib/i386-linux-gnu/libc.so.6")
    assert LIBC_PURL.replace("amd64", "i386") in purls(resolve(narrow))


def test_without_a_merged_usr() -> None:
    process = Process(debian(BASH, LIBC, merged=False), "/bin/bash", LIBC.listed[0])
    assert purls(resolve(process)) == [BASH_PURL, LIBC_PURL]
    apart = Process(debian(BASH, merged=False), "/usr/bin/bash")
    assert told(resolve(apart)) == {"file owned by no package": "1: /usr/bin/bash"}


def test_a_diverted_file_belongs_to_whom_it_was_of_at_its_new_place() -> None:
    mine = Deb("mine", "1", ("/bin/bash",))
    tree = debian(BASH, mine)
    tree.files["/var/lib/dpkg/diversions"] = b"/bin/bash\n/bin/bash.distrib\nmine\n"
    assert [p.name for p in resolve(Process(tree, "/usr/bin/bash")).packages] == ["mine"]
    there = resolve(Process(tree, "/usr/bin/bash.distrib"))
    assert purls(there) == [BASH_PURL]


def test_a_diversion_out_of_an_unusual_place_is_found_too() -> None:
    daemon = Deb("daemon", "1", ("/usr/lib/daemon/daemon",))
    tree = debian(daemon)
    tree.files["/var/lib/dpkg/diversions"] = b"/usr/lib/daemon/daemon\n/usr/sbin/old\n:\n"
    assert [p.name for p in resolve(Process(tree, "/usr/sbin/old")).packages] == ["daemon"]


def test_two_that_claim_a_file_are_both_not_known() -> None:
    found = resolve(Process(debian(BASH, Deb("dash", "1", ("/usr/bin/bash",))), "/usr/bin/bash"))
    assert [(p.name, p.state, p.reason) for p in found.packages] == [
        ("bash", State.UNKNOWN, "file claimed by several packages"),
        ("dash", State.UNKNOWN, "file claimed by several packages"),
    ]


def test_files_of_nobody_are_counted_and_the_first_are_named() -> None:
    paths = [f"/app/lib{number}.so" for number in range(9)]
    found = resolve(Process(debian(BASH), "/usr/bin/bash", *paths))
    first = ", ".join(paths[:5])
    assert told(found) == {"file owned by no package": f"9: {first} and 4 more"}
    assert purls(found) == [BASH_PURL]
    assert found.coverage is not None
    assert found.coverage.complete


def test_the_version_of_a_deleted_file_is_not_the_one_that_is_installed() -> None:
    tree = debian(BASH, LIBC)
    found = resolve(Process(tree, *SHELL, deleted=SHELL[1]))
    assert [(p.name, p.version) for p in found.packages] == [
        ("bash", "5.2.15-2+b8"),
        ("libc6", None),
    ]
    assert told(found) == {"mapped file was deleted since": f"1: {SHELL[1]}"}


def test_another_file_at_the_path_is_not_the_mapped_one() -> None:
    tree = debian(BASH, LIBC)
    process = Process(tree, *SHELL)
    libc = process.mappings[1]
    process.mappings[1] = libc._replace(inode=libc.inode + 1)
    # By the mapping itself it is the same: overlayfs may number it in another way.
    assert purls(resolve(process)) == [BASH_PURL, LIBC_PURL]
    tree.refused[SHELL[1]] = "not the mapped file"
    found = resolve(process)
    assert purls(found) == [BASH_PURL]
    assert told(found) == {"mapped file is not the one at its path": f"1: {SHELL[1]}"}
    assert found.coverage is not None
    assert not found.coverage.complete


def test_comparing_by_the_mapping_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sorting, "MAX_COMPARED", 1)
    process = Process(debian(BASH, LIBC), *SHELL)
    process.mappings = [m._replace(inode=n) for n, m in enumerate(process.mappings, 1)]
    found = resolve(process)
    assert purls(found) == [BASH_PURL]
    assert told(found) == {"mapped file is not the one at its path": f"1: {SHELL[1]}"}


class Mounted(Tree):
    """Below /usr/lib another file system is mounted."""

    def _id(self, path: str) -> FileId:
        found = super()._id(path)
        dev = 9 if path.startswith("/usr/lib/x86_64") else 0
        return FileId(found.ino, found.size, found.mtime_ns, found.ctime_ns, dev)


def test_what_is_mounted_over_the_image_is_not_of_its_packages() -> None:
    made = debian(BASH, LIBC)
    found = resolve(Process(Mounted(made.files, made.links), *SHELL))
    assert purls(found) == [BASH_PURL]
    assert told(found) == {"file on a mount of its own": f"1: {SHELL[1]}"}


def test_only_so_many_files_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sorting, "MAX_FILES", 1)
    found = resolve(Process(debian(BASH, LIBC), *SHELL))
    assert purls(found) == [BASH_PURL]
    assert told(found) == {"too many mapped files": f"1: {SHELL[1]}"}
    assert found.coverage is not None
    assert not found.coverage.complete


def test_only_code_counts() -> None:
    tree = debian(BASH, LIBC)
    process = Process(tree, "/usr/bin/bash")
    for number, path in enumerate(
        ("/usr/lib/locale/C/LC_CTYPE", "/memfd:x", "/dev/zero", "[heap]")
    ):
        perms = "r--p" if path.startswith("/usr") else "r-xp"
        process.map(path, 77 + number, number + 5, perms)
    found = resolve(process)
    assert purls(found) == [BASH_PURL]
    assert found.gaps == ()


def test_a_library_without_code_is_one_too() -> None:
    data = Deb("libicu72", "72.1-3", (f"{LIB}/libicudata.so.72.1",))
    process = Process(debian(data), f"{LIB}/libicudata.so.72.1", perms="r--p")
    assert [p.name for p in resolve(process).packages] == ["libicu72"]


def test_modules_of_python_are_the_python_resolvers_to_tell() -> None:
    place = "/usr/lib/python3/dist-packages/yaml/_yaml.cpython-311-x86_64-linux-gnu.so"
    debs = (
        Deb("python3-yaml", "6", (place,)),
        Deb("python3.11-minimal", "3", ("/usr/bin/python3.11",)),
    )
    both = resolve(Process(debian(*debs), "/usr/bin/python3.11", place))
    assert [p.name for p in both.packages] == ["python3.11-minimal"]
    alone = resolve(Process(debian(*debs, BASH), "/usr/bin/bash", place))
    assert [p.name for p in alone.packages] == ["bash", "python3-yaml"]


def test_a_daemon_in_an_unusual_place_costs_one_more_reading() -> None:
    daemon = Deb("daemon", "1", ("/lib/daemon/daemond",))
    tree, cache = debian(BASH, daemon), FileCache()
    assert purls(resolve(Process(tree, "/usr/bin/bash"), cache)) == [BASH_PURL]
    for lists in (2, 0, 0):
        tree.forget()
        found = resolve(Process(tree, "/usr/lib/daemon/daemond"), cache)
        assert [p.name for p in found.packages] == ["daemon"]
        assert sum(path.endswith(".list") for path in tree.opened) == lists


def test_an_unusual_place_under_another_name_is_looked_for_once() -> None:
    daemon = Deb("daemon", "1", ("/lib/daemon/daemond",))
    tree = debian(daemon)
    tree.files["/usr/lib/daemon/daemond"] = b"x"
    found = resolve(Process(tree, "/lib/daemon/daemond"))
    assert not found.more
    assert [p.name for p in found.packages] == ["daemon"]


def test_only_so_many_unusual_places_are_looked_for() -> None:
    tree = debian(BASH)
    paths = [f"/app/{number:03}" for number in range(MAX_ODD + 1)]
    found = resolve(Process(tree, "/usr/bin/bash", *paths))
    assert list(told(found)) == ["too many files in unusual places"]
    fewer = resolve(Process(tree, "/usr/bin/bash", *paths[1:]))
    assert list(told(fewer)) == ["file owned by no package"]


def test_a_root_without_a_database_is_not_ours_and_stays_so() -> None:
    tree = Tree({"/app": "x"})
    process = Process(tree, "/app")
    found = resolve(process)
    assert found.coverage is None
    before = tree.meter.calls
    assert resolve(process, memo=found.memo).coverage is None
    assert tree.meter.calls == before


@pytest.mark.parametrize(
    ("path", "tool"),
    [
        ("/lib/apk/db/installed", "apk"),
        ("/usr/lib/apk/db/installed", "apk"),
        ("/var/lib/rpm/rpmdb.sqlite", "rpm"),
        ("/usr/lib/sysimage/rpm/Packages.db", "rpm"),
        ("/var/lib/rpm/Packages", "rpm"),
    ],
)
def test_other_databases_are_recognised(path: str, tool: str) -> None:
    tree = Tree({path: "x", "/etc/os-release": "ID=alpine\nVERSION_ID=3.20\n"})
    found = resolve(Process(tree, "/bin/busybox"))
    assert told(found) == {"format not read yet": f"{tool}: {path} of alpine-3.20"}
    assert found.coverage is not None
    assert not found.coverage.complete


def test_a_dpkg_without_packages_does_not_hide_another_database() -> None:
    tree = Tree(
        {
            STATUS: "",
            "/var/lib/rpm/rpmdb.sqlite": "x",
            "/etc/os-release": "ID=fedora\nVERSION_ID=41\n",
        }
    )
    found = resolve(Process(tree, "/usr/bin/bash"))
    assert told(found) == {"format not read yet": "rpm: /var/lib/rpm/rpmdb.sqlite of fedora-41"}


def test_an_image_whose_lists_were_thrown_away() -> None:
    tree = debian(BASH)
    del tree.files[f"{INFO}/bash.list"]
    found = resolve(Process(tree, "/usr/bin/bash"))
    assert told(found) == {"package database not read": "dpkg has no lists of files"}
    assert found.packages == ()


def test_a_list_that_is_missing_or_refused_makes_the_rest_doubtful() -> None:
    tree = debian(BASH, LIBC, SSH)
    del tree.files[f"{INFO}/openssh-server.list"]
    tree.refused[f"{INFO}/bash.list"] = "not a regular file"
    found = resolve(Process(tree, *SHELL))
    assert purls(found) == [LIBC_PURL]
    assert told(found) == {
        "list of files not read": f"{INFO}/bash.list: not a regular file",
        "package without a list of files": "1: openssh-server",
        "file owned by no package": "1: /usr/bin/bash",
    }
    assert found.coverage is not None
    assert not found.coverage.complete


def test_without_os_release_nobody_knows_whose_packages_these_are() -> None:
    tree = debian(BASH)
    del tree.files["/usr/lib/os-release"]
    found = resolve(Process(tree, "/usr/bin/bash"))
    assert found.packages == ()
    assert list(told(found)) == ["package database not read"]


def test_the_second_process_of_an_image_reads_no_list() -> None:
    tree, cache = debian(BASH, LIBC), FileCache()
    first = resolve(Process(tree, *SHELL), cache)
    tree.forget()
    second = resolve(Process(tree, *SHELL), cache)
    assert (second.packages, second.gaps) == (first.packages, first.gaps)
    assert (tree.opened, tree.listed) == ([], [])


def test_an_unchanged_process_costs_nothing() -> None:
    tree = debian(BASH, LIBC)
    process = Process(tree, *SHELL)
    first = resolve(process)
    calls = tree.meter.calls
    again = resolve(process, memo=first.memo)
    assert again == first
    process.maps_digest = 2  # the heap has grown
    assert resolve(process, memo=first.memo).packages == first.packages
    assert tree.meter.calls == calls
    process.mappings.pop()
    assert purls(resolve(process, memo=first.memo)) == [BASH_PURL]
    assert tree.meter.calls > calls


def test_an_upgrade_is_another_database() -> None:
    tree, cache = debian(BASH, LIBC), FileCache()
    resolve(Process(tree, *SHELL), cache)
    tree.files[STATUS] = tree.files[STATUS].replace(b"5.2.15-2+b8", b"5.3")
    found = resolve(Process(tree, *SHELL), cache)
    assert [p.version for p in found.packages] == ["5.3", "2.36-9+deb12u14"]
    # Lists that change without the status: dpkg is at work.
    tree.files[f"{INFO}/new.list"] = b"/.\n/usr/bin/bash\n"
    found = resolve(Process(tree, *SHELL), cache)
    assert [p.state.value for p in found.packages] == ["unknown", "loaded", "unknown"]


def test_an_image_that_only_names_itself_otherwise() -> None:
    tree, cache = debian(BASH), FileCache()
    assert purls(resolve(Process(tree, "/usr/bin/bash"), cache)) == [BASH_PURL]
    tree.files["/usr/lib/os-release"] = b"ID=branded\nVERSION_ID=1\n"
    (package,) = resolve(Process(tree, "/usr/bin/bash"), cache).packages
    assert package.purl.startswith("pkg:deb/branded/bash@")


def test_slices_read_each_list_once() -> None:
    debs = [Deb(f"p{number}", "1", (f"/usr/bin/p{number}",)) for number in range(50)]
    tree, cache, slices = debian(*debs), FileCache(), 1
    process = Process(tree, "/usr/bin/p7")

    ticks = count()
    found = resolve(process, cache, seconds=0.2, clock=lambda: 0.02 * next(ticks))
    while found.more:
        slices += 1
        found = resolve(process, cache, found.memo, seconds=0.2, clock=lambda: 0.02 * next(ticks))
    assert slices == 5
    lists = [path for path in tree.opened if path.endswith(".list")]
    assert len(lists) == len(set(lists)) == 50
    assert [p.name for p in found.packages] == ["p7"]


def test_a_database_beyond_the_hard_bound_is_a_gap() -> None:
    tree = debian(BASH)
    found = resolve(Process(tree, "/usr/bin/bash"), max_calls=5)
    assert list(told(found)) == ["package database not read"]


def test_all_of_it_survives_json() -> None:
    cache = FileCache()
    found = resolve(Process(debian(BASH, LIBC), *SHELL, "/app/lib.so"), cache)
    assert json.loads(json.dumps(found.memo)) == found.memo
    assert Finding.from_plain(json.loads(json.dumps(asdict(found)))) == found


def test_what_has_no_program_is_not_looked_at() -> None:
    assert not OSPKG.detects(Process(debian(BASH)))
    assert OSPKG.detects(Process(debian(BASH), "/usr/bin/bash"))
