import java.io.File;
import java.lang.reflect.Proxy;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntUnaryOperator;

/** A small program with every kind of class, in Java 8: says READY, then does what it is told. */
public class Small {
    static class Used {
        static int count = 1;
    }

    static class OnlyLoaded {
        static int count = 1;
    }

    static class Fails {
        static int count = Integer.parseInt("no number");
    }

    static class Größe<T> {
        static int count = 1;
    }

    static class OwnLoader extends URLClassLoader {
        OwnLoader(URL[] urls) {
            super(urls, null);
        }
    }

    interface Later {
        int COUNT = Integer.parseInt("1");
    }

    static final List<Object> KEPT = new ArrayList<>();

    public static void main(String[] arguments) throws Exception {
        Used.count++;
        Größe.count++;
        load("Small$OnlyLoaded", false, Small.class.getClassLoader());
        try {
            Fails.count++;
        } catch (ExceptionInInitializerError expected) {
            KEPT.add(expected);
        }
        IntUnaryOperator lambda = x -> x + 1;
        KEPT.add(lambda.applyAsInt(1));
        KEPT.add(new Used[1][1]);
        KEPT.add(Proxy.newProxyInstance(
            Small.class.getClassLoader(), new Class<?>[] {Runnable.class}, (p, m, a) -> null));
        URL here = new File(arguments[0]).toURI().toURL();
        KEPT.add(load("Small$Used", true, new OwnLoader(new URL[] {here})));
        KEPT.add(load("Small$Used", false, new URLClassLoader(new URL[] {here}, null)));
        System.out.println("READY");
        int told;
        while ((told = System.in.read()) >= 0) {
            if (told == 'l') {
                KEPT.add(Later.COUNT);
                System.out.println("LOADED");
            }
        }
    }

    static Class<?> load(String name, boolean initialize, ClassLoader loader) throws Exception {
        return Class.forName(name, initialize, loader);
    }
}
