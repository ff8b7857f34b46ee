"""kafka-python (2.0.2 and 3.x) against a broker. Usage: kafka_python.py HOST:PORT TOPIC COMMAND [ARGS]; prints JSON."""
import json
import sys

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic

server, topic, command, *args = sys.argv[1:]


def produce(compression, first, count):
    producer = KafkaProducer(bootstrap_servers=server, compression_type=None if compression == "none" else compression, linger_ms=20)
    futures = [producer.send(topic, key=b"k%d" % i, value=("%s-%d" % (compression, i)).encode(), headers=[("h", b"x")]) for i in range(first, first + count)]
    offsets = [future.get(60).offset for future in futures]
    producer.close()
    return {"offsets": len(offsets)}


def consume(group, count):
    consumer = KafkaConsumer(topic, bootstrap_servers=server, group_id=group, auto_offset_reset="earliest", enable_auto_commit=False, consumer_timeout_ms=30000)
    values = []
    for message in consumer:
        values.append(message.value.decode())
        if len(values) == count:
            break
    consumer.commit()
    committed = {p: consumer.committed(TopicPartition(topic, p)) for p in consumer.partitions_for_topic(topic)}
    consumer.close()
    return {"values": values, "committed": sum(offset or 0 for offset in committed.values())}


def admin():
    client = KafkaAdminClient(bootstrap_servers=server)
    client.create_topics([NewTopic(name=topic + "-admin", num_partitions=2, replication_factor=1)])
    topics = client.list_topics()
    described = client.describe_topics([topic + "-admin"])
    partitions = len(described[0]["partitions"])
    groups = client.list_consumer_groups() if hasattr(client, "list_consumer_groups") else client.list_groups()
    client.delete_topics([topic + "-admin"])
    client.close()
    names = [g[0] if isinstance(g, tuple) else g.get("group_id") for g in groups]
    return {"listed": topic + "-admin" in topics, "partitions": partitions, "groups": names}


def watermarks():
    consumer = KafkaConsumer(bootstrap_servers=server)
    partitions = [TopicPartition(topic, p) for p in consumer.partitions_for_topic(topic)]
    ends = consumer.end_offsets(partitions)
    starts = consumer.beginning_offsets(partitions)
    consumer.close()
    return {"count": sum(ends[p] - starts[p] for p in partitions)}


if command == "produce":
    print(json.dumps(produce(args[0], int(args[1]), int(args[2]))))
elif command == "consume":
    print(json.dumps(consume(args[0], int(args[1]))))
elif command == "admin":
    print(json.dumps(admin()))
else:
    print(json.dumps(watermarks()))
