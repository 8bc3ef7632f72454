package shop;

import com.google.common.collect.ImmutableList;
import org.apache.commons.lang3.StringUtils;
import org.yaml.snakeyaml.Yaml;

/**
 * Uses a relocated library (commons-lang3) and two with their own names (guava, snakeyaml); not
 * commons-codec, not slf4j-api.
 */
public final class Shade {
    public static void main(String[] arguments) throws Exception {
        System.out.println(new Yaml().<Object>load("a: 1"));
        System.out.println(StringUtils.capitalize(ImmutableList.of(1, 2).toString()));
        System.out.println("READY");
        while (System.in.read() >= 0) { }
    }
}
