package shop;

import com.google.common.collect.ImmutableList;
import jakarta.servlet.ServletContextEvent;
import jakarta.servlet.ServletContextListener;
import jakarta.servlet.annotation.WebListener;
import org.apache.commons.lang3.StringUtils;

/** Uses two libraries of WEB-INF/lib when the application starts, and never commons-codec. */
@WebListener
public class Listener implements ServletContextListener {
    @Override
    public void contextInitialized(ServletContextEvent event) {
        System.out.println(StringUtils.capitalize(ImmutableList.of(1, 2).toString()));
        System.out.println("READY");
    }
}
