package oracle;

import java.io.PrintWriter;
import java.lang.instrument.Instrumentation;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.net.URL;
import java.security.CodeSource;
import java.security.ProtectionDomain;

/**
 * Attached by a test after the sensor has looked: writes what the JVM itself says of each class.
 *
 * <p>One class a line, with tabs: name, class of its loader (empty: boot), location of its code
 * source (empty: none; of a boot class, which has none, that of its file), and whether its static
 * initialiser has run.
 */
public final class Oracle {
    public static void agentmain(String path, Instrumentation machine) throws Exception {
        Class<?> unsafe = Class.forName("sun.misc.Unsafe");
        Field field = unsafe.getDeclaredField("theUnsafe");
        field.setAccessible(true);
        Object it = field.get(null);
        Method pending = unsafe.getMethod("shouldBeInitialized", Class.class);
        try (PrintWriter out = new PrintWriter(path, "UTF-8")) {
            for (Class<?> one : machine.getAllLoadedClasses()) {
                if (!one.isArray() && !one.isPrimitive()) {
                    boolean done = !(boolean) pending.invoke(it, one);
                    out.println(String.join("\t", one.getName(), loader(one), source(one),
                            done ? "initialized" : "loaded"));
                }
            }
            out.println("END");
        }
    }

    private static String loader(Class<?> one) {
        ClassLoader loader = one.getClassLoader();
        return loader == null ? "" : loader.getClass().getName();
    }

    private static String source(Class<?> one) {
        if (one.getClassLoader() == null) {
            URL found = ClassLoader.getSystemResource(one.getName().replace('.', '/') + ".class");
            return found == null ? "" : found.toString();
        }
        ProtectionDomain domain = one.getProtectionDomain();
        CodeSource source = domain == null ? null : domain.getCodeSource();
        return source == null || source.getLocation() == null ? "" : source.getLocation().toString();
    }
}
