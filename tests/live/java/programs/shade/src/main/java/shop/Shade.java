package shop;

import com.google.common.collect.ImmutableList;
import org.apache.commons.lang3.StringUtils;

/** Uses a relocated library (commons-lang3) and one with its own names (guava); not commons-codec. */
public final class Shade {
    public static void main(String[] arguments) throws Exception {
        System.out.println(StringUtils.capitalize(ImmutableList.of(1, 2).toString()));
        System.out.println("READY");
        while (System.in.read() >= 0) { }
    }
}
