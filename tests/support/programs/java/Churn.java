import java.io.File;
import java.net.URL;
import java.net.URLClassLoader;

/** Makes class loaders with classes, and lets the collector take them away, without pause. */
public class Churn {
    public static void main(String[] arguments) throws Exception {
        URL[] urls = {new File(arguments[0]).toURI().toURL()};
        System.out.println("READY");
        for (long count = 1; ; count++) {
            try (URLClassLoader loader = new URLClassLoader(urls, null)) {
                for (int number = 0; number < 20; number++) {
                    Class.forName("Made" + number, true, loader);
                }
            }
            if (count % 20 == 0) {
                System.gc();
            }
        }
    }
}
