// The program that tests look at: it loads what it is told to, and says what is loaded.
using System;
using System.IO;
using System.Reflection;

public static class App
{
    static object kept;

    public static void Main(string[] arguments)
    {
        Console.WriteLine("ready");
        string line;
        while ((line = Console.ReadLine()) != null)
        {
            var words = line.Split(new[] { ' ' }, 2);
            try
            {
                Do(words[0], words.Length > 1 ? words[1] : "");
            }
            catch (Exception error)
            {
                Console.WriteLine("error " + error.Message.Replace('\n', ' '));
            }
            Console.WriteLine("done");
        }
    }

    static void Do(string what, string text)
    {
        switch (what)
        {
            case "name": Assembly.Load(new AssemblyName(text)); break;
            case "try": try { Assembly.Load(new AssemblyName(text)); } catch (Exception) { } break;
            case "file": Assembly.LoadFrom(text); break;
            case "bytes": Assembly.Load(File.ReadAllBytes(text)); break;
            case "hold": kept = File.ReadAllBytes(text); break;
            case "open": kept = File.OpenRead(text); break;
            case "again": for (var i = 0; i < 100; i++) Assembly.Load(File.ReadAllBytes(text)); break;
            case "work": Work(int.Parse(text)); break;
            case "list": List(); break;
            default: throw new Exception("what is " + what + "? " + kept);
        }
    }

    // Makes the heap grow and shrink: mappings change, assemblies do not.
    static void Work(int megabytes)
    {
        var blocks = new byte[megabytes][];
        for (var i = 0; i < megabytes; i++) blocks[i] = new byte[1 << 20];
        kept = blocks;
        GC.Collect();
    }

    static void List()
    {
        foreach (var assembly in AppDomain.CurrentDomain.GetAssemblies())
        {
            var name = assembly.GetName();
            Console.WriteLine(name.Name + "\t" + name.Version);
        }
    }
}

// Runs inside any program of .NET Core 3 or later that is started with DOTNET_STARTUP_HOOKS.
public class StartupHook
{
    public static void Initialize()
    {
        App.Main(new string[0]);
    }
}
