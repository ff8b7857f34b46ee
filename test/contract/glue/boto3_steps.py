"""Glue through boto3: what a learner's script does. Arguments: the endpoint. Prints `ok` when every step answered as AWS does."""
import sys, time, uuid
import boto3

endpoint = sys.argv[1]
glue = boto3.client('glue', endpoint_url=endpoint)
s3 = boto3.client('s3', endpoint_url=endpoint, config=boto3.session.Config(s3={'addressing_style': 'path'}))
name = 'boto-' + uuid.uuid4().hex[:8]
database = name.replace('-', '_')

s3.create_bucket(Bucket=name)
for day in ('2026-01-13', '2026-01-14'):
    s3.put_object(Bucket=name, Key=f'quotes/dt={day}/a.json', Body=b'{"symbol":"NYA","close":1.0}\n{"symbol":"HSI","close":2.5}\n')
glue.create_database(DatabaseInput={'Name': database})
glue.create_crawler(Name=name, Role='arn:aws:iam::000000000000:role/crawler', DatabaseName=database, Targets={'S3Targets': [{'Path': f's3://{name}/quotes/'}]})
glue.start_crawler(Name=name)
try:
    glue.start_crawler(Name=name)
    raise SystemExit('started twice')
except glue.exceptions.CrawlerRunningException as error:
    assert 'has already started' in str(error), error
while glue.get_crawler(Name=name)['Crawler']['State'] != 'READY':
    time.sleep(0.2)
crawler = glue.get_crawler(Name=name)['Crawler']
assert crawler['LastCrawl']['Status'] == 'SUCCEEDED', crawler
assert abs(crawler['LastCrawl']['StartTime'].timestamp() - time.time()) < 600, crawler
table = glue.get_table(DatabaseName=database, Name='quotes')['Table']
assert [(c['Name'], c['Type']) for c in table['StorageDescriptor']['Columns']] == [('symbol', 'string'), ('close', 'double')], table
assert table['UpdateTime'].tzinfo is not None
values = [p['Values'] for page in glue.get_paginator('get_partitions').paginate(DatabaseName=database, TableName='quotes', PaginationConfig={'PageSize': 1}) for p in page['Partitions']]
assert values == [['2026-01-13'], ['2026-01-14']], values
filtered = glue.get_partitions(DatabaseName=database, TableName='quotes', Expression="dt > '2026-01-13'")['Partitions']
assert [p['Values'] for p in filtered] == [['2026-01-14']], filtered
assert glue.get_crawler_metrics(CrawlerNameList=[name])['CrawlerMetricsList'][0]['TablesCreated'] == 1
assert glue.list_crawls(CrawlerName=name)['Crawls'][0]['State'] == 'COMPLETED'
for missing in (lambda: glue.get_table(DatabaseName=database, Name='none'), lambda: glue.get_database(Name='none'), lambda: glue.get_crawler(Name='none')):
    try:
        missing()
        raise SystemExit('found what is not there')
    except glue.exceptions.EntityNotFoundException:
        pass
glue.batch_delete_partition(DatabaseName=database, TableName='quotes', PartitionsToDelete=[{'Values': ['2026-01-13']}])
glue.delete_table(DatabaseName=database, Name='quotes')
glue.delete_crawler(Name=name)
glue.delete_database(Name=database)
print('ok')
