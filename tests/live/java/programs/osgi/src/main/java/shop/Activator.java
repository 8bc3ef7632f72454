package shop;

import com.fasterxml.jackson.core.JsonFactory;
import org.apache.commons.lang3.StringUtils;
import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;

/** Uses two other bundles; commons-codec is wired to it and never used. */
public final class Activator implements BundleActivator {
    @Override
    public void start(BundleContext context) {
        System.out.println(StringUtils.capitalize(new JsonFactory().getFormatName()));
        System.out.println("READY");
    }

    @Override
    public void stop(BundleContext context) { }
}
