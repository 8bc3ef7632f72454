package shop;

import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** A local Spark that generates code, writes and reads Parquet, says READY and waits. */
public final class Spark {
    public static void main(String[] arguments) throws Exception {
        SparkSession spark = SparkSession.builder().master("local[2]").appName("shop")
                .config("spark.ui.enabled", false).config("spark.sql.shuffle.partitions", 2)
                .config("spark.sql.warehouse.dir", arguments[0] + "/warehouse").getOrCreate();
        Dataset<Row> rows = spark.range(1000).selectExpr("id", "id % 7 as part");
        rows.write().mode("overwrite").parquet(arguments[0] + "/rows");
        spark.read().parquet(arguments[0] + "/rows").createOrReplaceTempView("numbers");
        System.out.println(spark.sql("select part, sum(id) from numbers group by part").collectAsList());
        System.out.println("READY");
        while (System.in.read() >= 0) { }
    }
}
