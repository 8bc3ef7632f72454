package shop.third;

import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import shop.common.Common;

/** Has no WEB-INF/lib of its own: what it uses lies in the EAR's lib folder. */
@WebServlet("/")
public class Third extends HttpServlet {
    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        response.getWriter().println(Common.greeting());
    }
}
