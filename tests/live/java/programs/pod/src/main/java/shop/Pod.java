package shop;

import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * A workload: initialises the classes it is told to, says which artifacts those are of, and stays.
 *
 * <p>Words: seconds until its end (0: none), then names of classes. It prints one line of JSON,
 * {"maven": {"GROUP/ARTIFACT": "VERSION"}, "generic": {"oracle/openjdk": "VERSION"}}: the artifacts by
 * where their JARs lie, which is Maven's layout below a folder "repository", itself, and the JVM by
 * the name that scanners have for it.
 */
public final class Pod {
    public static void main(String[] words) throws Exception {
        Map<String, String> found = new TreeMap<>();
        found.put("example.test/pod", "1.2.3");
        for (int i = 1; i < words.length; i++) {
            add(found, Class.forName(words[i]));
        }
        StringBuilder said = new StringBuilder();
        found.forEach((name, version) ->
                said.append(said.length() == 0 ? "" : ", ").append(quoted(name) + ": " + quoted(version)));
        String machine = quoted("oracle/openjdk") + ": " + quoted(System.getProperty("java.version"));
        System.out.println("{\"maven\": {" + said + "}, \"generic\": {" + machine + "}}");
        long seconds = Long.parseLong(words[0]);
        Thread.sleep(seconds == 0 ? Long.MAX_VALUE : seconds * 1000);
    }

    private static void add(Map<String, String> found, Class<?> one) throws Exception {
        Path jar = Path.of(one.getProtectionDomain().getCodeSource().getLocation().toURI());
        int size = jar.getNameCount();
        int begin = 0;
        while (!jar.getName(begin).toString().equals("repository")) {
            begin++;
        }
        String group = jar.subpath(begin + 1, size - 3).toString().replace('/', '.');
        found.put(group + "/" + jar.getName(size - 3), jar.getName(size - 2).toString());
    }

    private static String quoted(String text) {
        return '"' + text + '"';
    }
}
