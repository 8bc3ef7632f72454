package test.example;

/** Says that it runs, and ends with its input. */
public final class Shop {
    public static void main(String[] words) throws Exception {
        System.out.println("READY");
        System.in.read();
    }
}
