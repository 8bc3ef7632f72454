package shop.beans;

import jakarta.ejb.Stateless;
import shop.common.Common;

/** A bean of the EJB container. */
@Stateless
public class Greeter {
    public String greet() {
        return Common.greeting();
    }
}
