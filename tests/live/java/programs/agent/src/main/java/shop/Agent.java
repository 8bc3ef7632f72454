package shop;

import org.apache.commons.codec.binary.Hex;
import org.apache.commons.lang3.StringUtils;

/** Uses a library of the boot append path (commons-codec) and one of its class path. */
public final class Agent {
    public static void premain(String argument) {
        String text = Hex.encodeHexString(new byte[] {1, 2});
        System.setProperty("shop.agent", StringUtils.reverse(text));
    }
}
