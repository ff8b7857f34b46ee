"""The catalog functions of awswrangler. Arguments: the endpoint. Prints `ok` when every step answered as AWS does."""
import os, sys, uuid

endpoint = sys.argv[1]
os.environ['AWS_ENDPOINT_URL'] = endpoint
import awswrangler as wr
import pandas as pd

name = 'wr-' + uuid.uuid4().hex[:8]
database = name.replace('-', '_')
import boto3

boto3.client('s3').create_bucket(Bucket=name)
catalog = wr.catalog
catalog.create_database(name=database, description='made by awswrangler')
catalog.create_database(name=database, exist_ok=True)
assert database in catalog.databases(limit=1000)['Database'].tolist()
assert database in [one['Name'] for one in catalog.get_databases()]

path = f's3://{name}/made/'
catalog.create_parquet_table(database=database, table='made', path=path, columns_types={'a': 'bigint', 'b': 'string'}, partitions_types={'dt': 'date', 'n': 'int'}, description='d', parameters={'k': 'v'}, columns_comments={'a': 'first'})
assert catalog.does_table_exist(database=database, table='made')
assert not catalog.does_table_exist(database=database, table='none')
assert catalog.get_table_types(database=database, table='made') == {'a': 'bigint', 'b': 'string', 'dt': 'date', 'n': 'int'}
assert catalog.get_table_location(database=database, table='made') == path
assert catalog.get_columns_comments(database=database, table='made')['a'] == 'first'
assert catalog.get_table_parameters(database=database, table='made')['k'] == 'v'
catalog.upsert_table_parameters(parameters={'k2': 'v2'}, database=database, table='made')
assert catalog.get_table_parameters(database=database, table='made')['k2'] == 'v2'
partitions = {f'{path}dt=2026-01-{day:02d}/n={n}/': [f'2026-01-{day:02d}', str(n)] for day in range(1, 29) for n in range(5)}
catalog.add_parquet_partitions(database=database, table='made', partitions_values=partitions, columns_types={'a': 'bigint', 'b': 'string'})
catalog.add_parquet_partitions(database=database, table='made', partitions_values=partitions, columns_types={'a': 'bigint', 'b': 'string'})
assert catalog.get_partitions(database=database, table='made') == partitions
some = catalog.get_partitions(database=database, table='made', expression="dt = '2026-01-07' AND n >= 3")
assert sorted(some.values()) == [['2026-01-07', '3'], ['2026-01-07', '4']], some
catalog.delete_partitions(database=database, table='made', partitions_values=[['2026-01-07', '3']])
assert len(catalog.get_partitions(database=database, table='made')) == 139
catalog.delete_all_partitions(database=database, table='made')
assert catalog.get_partitions(database=database, table='made') == {}
catalog.add_column(database=database, table='made', column_name='c', column_type='double', column_comment='third')
catalog.delete_column(database=database, table='made', column_name='b')
assert catalog.get_table_types(database=database, table='made') == {'a': 'bigint', 'c': 'double', 'dt': 'date', 'n': 'int'}

catalog.create_json_table(database=database, table='json_made', path=f's3://{name}/json/', columns_types={'a': 'string'})
catalog.create_csv_table(database=database, table='csv_made', path=f's3://{name}/csv/', columns_types={'a': 'string'})
catalog.create_csv_table(database=database, table='csv_made', path=f's3://{name}/csv/', columns_types={'a': 'string', 'b': 'int'}, mode='overwrite')
assert sorted(one['Name'] for one in catalog.get_tables(database=database)) == ['csv_made', 'json_made', 'made']
assert sorted(one['Name'] for one in catalog.get_tables(database=database, name_contains='made')) == ['csv_made', 'json_made', 'made']
assert [one['Name'] for one in catalog.get_tables(database=database, name_prefix='csv')] == ['csv_made']
assert sorted(one['Name'] for one in catalog.get_tables(database=database, name_suffix='_made')) == ['csv_made', 'json_made']
assert 'json_made' in [one['Name'] for one in catalog.search_tables(text='json_made')]
assert len(catalog.tables(database=database)) == 3
assert catalog.table(database=database, table='made')['Column Name'].tolist() == ['a', 'c', 'dt', 'n']

frame = pd.DataFrame({'symbol': ['NYA', 'HSI'], 'close': [1.0, 2.5], 'dt': ['2026-01-13', '2026-01-14']})
for mode in ('overwrite', 'append'):
    wr.s3.to_parquet(df=frame, path=f's3://{name}/written/', dataset=True, database=database, table='written', partition_cols=['dt'], mode=mode)
assert catalog.get_table_types(database=database, table='written') == {'symbol': 'string', 'close': 'double', 'dt': 'string'}
assert len(catalog.get_partitions(database=database, table='written')) == 2
assert len(wr.s3.read_parquet_table(database=database, table='written')) == 4
wr.s3.to_parquet(df=frame.assign(volume=0.5), path=f's3://{name}/written/', dataset=True, database=database, table='written', partition_cols=['dt'], mode='append', catalog_versioning=True)
assert catalog.get_table_types(database=database, table='written')['volume'] == 'double'
assert catalog.get_table_number_of_versions(database=database, table='written') == 2
assert len(catalog.get_table_versions(database=database, table='written')) == 2
assert catalog.delete_table_if_exists(database=database, table='written')
assert not catalog.delete_table_if_exists(database=database, table='written')
catalog.delete_database(name=database)
assert database not in [one['Name'] for one in catalog.get_databases()]
print('ok')
