"""awswrangler against Athena at AWS_ENDPOINT_URL. Prints ok."""
import datetime

import awswrangler as wr
import boto3
import pandas as pd

bucket = "peers-wrangler"
boto3.client("s3").create_bucket(Bucket=bucket)
wr.catalog.create_database("peers_wrangler")
frame = pd.DataFrame(
    {
        "symbol": ["NYA", "HSI", None],
        "close": [1.5, 2.25, None],
        "volume": pd.array([10, None, 30], dtype="Int64"),
        "day": [datetime.date(2020, 1, 1), datetime.date(2020, 1, 2), datetime.date(2020, 1, 3)],
        "seen": pd.to_datetime(["2020-01-01 01:02:03", "2020-01-02 00:00:00", "2020-01-03 00:00:00"]),
        "dt": ["a", "a", "b"],
    }
)
wr.s3.to_parquet(frame, path=f"s3://{bucket}/quotes/", dataset=True, database="peers_wrangler", table="quotes", partition_cols=["dt"])
options = {"database": "peers_wrangler", "s3_output": f"s3://{bucket}/results/"}
sql = "SELECT symbol, close, volume, day, seen, dt FROM quotes ORDER BY day"
for approach in (True, False):
    back = wr.athena.read_sql_query(sql, ctas_approach=approach, **options)
    back = back.sort_values("day").reset_index(drop=True)
    assert list(back["symbol"].fillna("-")) == ["NYA", "HSI", "-"], (approach, back)
    assert list(back["close"].fillna(-1)) == [1.5, 2.25, -1], (approach, back)
    assert list(back["volume"].fillna(-1)) == [10, -1, 30], (approach, back)
    assert [str(day) for day in back["day"]] == ["2020-01-01", "2020-01-02", "2020-01-03"], (approach, back)
    assert str(back["seen"][0]) == "2020-01-01 01:02:03", (approach, back)
    assert list(back["dt"]) == ["a", "a", "b"], (approach, back)
chunks = list(wr.athena.read_sql_query("SELECT n FROM UNNEST(sequence(1, 2500)) AS t(n)", ctas_approach=False, chunksize=1000, **options))
assert sum(len(chunk) for chunk in chunks) == 2500
unloaded = wr.athena.read_sql_query("SELECT symbol FROM quotes WHERE dt = 'a'", ctas_approach=False, unload_approach=True, **{**options, "s3_output": f"s3://{bucket}/unloaded/"})
assert sorted(unloaded["symbol"]) == ["HSI", "NYA"], unloaded
assert wr.athena.read_sql_query("SELECT symbol FROM quotes WHERE day = :day", params={"day": datetime.date(2020, 1, 1)}, ctas_approach=False, **options)["symbol"][0] == "NYA"
query = wr.athena.start_query_execution("SELECT 1 AS one", **options)
assert wr.athena.wait_query(query)["Status"]["State"] == "SUCCEEDED"
assert wr.athena.describe_table("quotes", database="peers_wrangler", s3_output=options["s3_output"])["Column Name"].tolist()[:2] == ["symbol", "close"]
assert wr.athena.show_create_table("quotes", database="peers_wrangler", s3_output=options["s3_output"]).startswith("CREATE EXTERNAL TABLE")
wr.athena.repair_table("quotes", database="peers_wrangler", s3_output=options["s3_output"])
print("ok")
