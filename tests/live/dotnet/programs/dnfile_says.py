"""What dnfile reads of assemblies: a line of JSON for each path given."""

import json
import sys

import dnfile

VERSION = "MajorVersion MinorVersion BuildNumber RevisionNumber".split()


def product(pe):
    for info in getattr(pe, "FileInfo", []) or []:
        for block in info:
            for table in getattr(block, "StringTable", []):
                if b"ProductVersion" in table.entries:
                    return table.entries[b"ProductVersion"].decode().strip()
    return ""


def file_version(pe):
    for fixed in getattr(pe, "VS_FIXEDFILEINFO", []):
        high, low = fixed.FileVersionMS, fixed.FileVersionLS
        return ".".join(str(n) for n in (high >> 16, high & 0xFFFF, low >> 16, low & 0xFFFF))
    return ""


for path in sys.argv[1:]:
    pe = dnfile.dnPE(path)
    (row,) = pe.net.mdtables.Assembly
    version = ".".join(str(getattr(row, name)) for name in VERSION)
    native = pe.net.struct.ManagedNativeHeaderRva != 0
    said = [str(row.Name), version, str(row.Culture or ""), file_version(pe), product(pe), native]
    print(json.dumps(said))
