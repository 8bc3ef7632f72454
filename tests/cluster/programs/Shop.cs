// A workload: loads the assemblies that it is told to, says which packages those are of, and stays.
//
//     dotnet Shop.dll SECONDS NAME...        SECONDS 0: until it is told to end
//
// It prints one line of JSON, {"nuget": {"NAME": "VERSION"}}, by where each loaded assembly lies:
// in shared/NAME/VERSION, or in packages/NAME/VERSION/lib/FRAMEWORK.
using System;
using System.Collections.Generic;
using System.Reflection;
using System.Threading;

public static class Shop
{
    public static void Main(string[] arguments)
    {
        for (var i = 1; i < arguments.Length; i++) Assembly.Load(new AssemblyName(arguments[i]));
        var said = new List<string>();
        foreach (var assembly in AppDomain.CurrentDomain.GetAssemblies())
        {
            var parts = assembly.Location.Split('/');
            var at = Array.IndexOf(parts, "packages");
            if (at < 0) at = Array.IndexOf(parts, "shared");
            if (at < 0) continue;
            var row = "\"" + parts[at + 1] + "\": \"" + parts[at + 2] + "\"";
            if (!said.Contains(row)) said.Add(row);
        }
        Console.WriteLine("{\"nuget\": {" + string.Join(", ", said.ToArray()) + "}}");
        var seconds = double.Parse(arguments[0]);
        new ManualResetEvent(false).WaitOne(seconds > 0 ? (int)(seconds * 1000) : -1);
    }
}
