"""Load .NET into this Python, have it load an assembly, and say what it has loaded."""

import json
import sys
from pathlib import Path

import pythonnet

root, folder, assembly = sys.argv[1:]
settings = Path(folder) / "bridge.runtimeconfig.json"
options = {
    "framework": {"name": "Microsoft.NETCore.App", "version": "8.0.0"},
    "configProperties": {"System.Globalization.Invariant": True},
}
settings.write_text(json.dumps({"runtimeOptions": options}))
pythonnet.load("coreclr", runtime_config=str(settings), dotnet_root=root)

import clr  # noqa: E402 - it is there only now
from System import AppDomain  # noqa: E402

clr.AddReference(assembly)
print("ready", flush=True)
for line in sys.stdin:
    for each in AppDomain.CurrentDomain.GetAssemblies():
        # Those that are made at run time are of no package.
        if not each.IsDynamic:
            print(each.GetName().Name, each.GetName().Version, sep="\t")
    print("done", flush=True)
