package shop.first;

import com.google.common.collect.ImmutableList;
import jakarta.ejb.EJB;
import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.apache.commons.lang3.StringUtils;
import shop.beans.Greeter;

/** Asks the bean, and uses two libraries of WEB-INF/lib when it is called; never commons-codec. */
@WebServlet("/")
public class First extends HttpServlet {
    @EJB
    private transient Greeter greeter;

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        String text = StringUtils.capitalize(ImmutableList.of(1, 2).toString());
        response.getWriter().println(text + greeter.greet());
    }
}
