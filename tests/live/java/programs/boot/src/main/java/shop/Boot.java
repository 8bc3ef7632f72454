package shop;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.common.collect.ImmutableList;
import org.apache.commons.lang3.StringUtils;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** A context that starts, uses three of its libraries and never commons-codec, and waits. */
@SpringBootApplication
public class Boot {
    public static void main(String[] arguments) throws Exception {
        SpringApplication.run(Boot.class, arguments);
        String text = new ObjectMapper().writeValueAsString(ImmutableList.of(1, 2));
        System.out.println(StringUtils.capitalize(text));
        System.out.println("READY");
        while (System.in.read() >= 0) { }
    }
}
