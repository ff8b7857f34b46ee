"""boto3 and PyAthena against Athena at AWS_ENDPOINT_URL. Prints ok."""
import os
import time

import boto3
from pyathena import connect
from pyathena.cursor import DictCursor

bucket, output = "peers-boto3", "s3://peers-boto3/results/"
s3, athena = boto3.client("s3"), boto3.client("athena")
s3.create_bucket(Bucket=bucket)
for day in (1, 2):
    s3.put_object(Bucket=bucket, Key=f"t/dt=2020-01-0{day}/a.json", Body=b'{"Symbol":"NYA","close":%d.5}\n' % day)


def query(sql, **more):
    start = athena.start_query_execution(QueryString=sql, ResultConfiguration={"OutputLocation": output}, **more)
    while True:
        execution = athena.get_query_execution(QueryExecutionId=start["QueryExecutionId"])["QueryExecution"]
        if execution["Status"]["State"] not in ("QUEUED", "RUNNING"):
            break
        time.sleep(0.02)
    assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"]
    return execution


query("CREATE DATABASE peers_boto3")
query(
    "CREATE EXTERNAL TABLE peers_boto3.t (symbol string, close double) PARTITIONED BY (dt string) "
    "ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' LOCATION 's3://peers-boto3/t/'"
)
query("MSCK REPAIR TABLE peers_boto3.t")
execution = query("SELECT * FROM t ORDER BY dt", QueryExecutionContext={"Database": "peers_boto3"})
pages = athena.get_paginator("get_query_results").paginate(QueryExecutionId=execution["QueryExecutionId"])
rows = [[cell.get("VarCharValue") for cell in row["Data"]] for page in pages for row in page["ResultSet"]["Rows"]]
assert rows == [["symbol", "close", "dt"], ["NYA", "1.5", "2020-01-01"], ["NYA", "2.5", "2020-01-02"]], rows
try:
    athena.start_query_execution(QueryString="SELEC 1", ResultConfiguration={"OutputLocation": output})
    raise AssertionError("SELEC was accepted")
except athena.exceptions.InvalidRequestException as error:
    assert error.response["AthenaErrorCode"] == "MALFORMED_QUERY", error.response

connection = connect(s3_staging_dir=output, schema_name="peers_boto3", endpoint_url=os.environ["AWS_ENDPOINT_URL"], poll_interval=0.05)
cursor = connection.cursor()
cursor.execute("SELECT symbol, close, DATE '2020-01-02' AS day, ARRAY[1, 2] AS a, CAST(NULL AS integer) AS n, 1.10 AS d FROM t WHERE dt = %(dt)s", {"dt": "2020-01-02"})
[row] = cursor.fetchall()
assert row[0] == "NYA" and row[1] == 2.5 and str(row[2]) == "2020-01-02" and row[4] is None, row
assert [column[0] for column in cursor.description] == ["symbol", "close", "day", "a", "n", "d"]
cursor = connection.cursor(DictCursor)
cursor.execute("SHOW PARTITIONS t")
assert [row["partition"] for row in cursor.fetchall()] == ["dt=2020-01-01", "dt=2020-01-02"]
cursor.execute("SELECT count(*) AS c FROM t")
assert cursor.fetchone() == {"c": 2}
assert cursor.list_databases(catalog_name="AwsDataCatalog")
try:
    cursor.execute("SELECT banana FROM t")
    raise AssertionError("banana was found")
except Exception as error:
    assert "COLUMN_NOT_FOUND" in str(error), error
print("ok")
