package shop.common;

import org.apache.commons.collections4.ListUtils;
import org.apache.kafka.common.utils.ByteUtils;

/** Uses two libraries of the EAR's lib folder; what Kafka needs lies there too, and nobody asks. */
public final class Common {
    private Common() { }

    public static String greeting() {
        return ListUtils.emptyIfNull(null).toString() + ByteUtils.sizeOfVarint(300);
    }
}
