"""confluent-kafka (librdkafka) against a broker. Usage: confluent.py HOST:PORT TOPIC COMMAND [ARGS]; prints JSON."""
import json
import sys
import time

from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewPartitions, NewTopic

server, topic, command, *args = sys.argv[1:]
errors = []


def delivered(error, _message):
    if error:
        errors.append(str(error))


def produce(compression, first, count, idempotent=True):
    producer = Producer({"bootstrap.servers": server, "compression.type": compression, "enable.idempotence": idempotent, "linger.ms": 20})
    for i in range(first, first + count):
        producer.produce(topic, key="k%d" % i, value="%s-%d" % (compression, i), headers={"h": "x"}, on_delivery=delivered)
    producer.flush(60)
    return {"errors": errors}


def consume(group, count):
    consumer = Consumer({"bootstrap.servers": server, "group.id": group, "auto.offset.reset": "earliest", "enable.auto.commit": False})
    consumer.subscribe([topic])
    values, deadline = [], time.time() + 40
    while len(values) < count and time.time() < deadline:
        message = consumer.poll(0.5)
        if message and not message.error():
            values.append(message.value().decode())
    if values:
        consumer.commit(asynchronous=False)
    consumer.close()
    return {"values": values}


def transaction(value, commit):
    producer = Producer({"bootstrap.servers": server, "transactional.id": "tx-" + topic})
    producer.init_transactions(30)
    producer.begin_transaction()
    producer.produce(topic, value=value, partition=0)
    producer.flush(30)
    producer.commit_transaction(30) if commit else producer.abort_transaction(30)
    return {"errors": errors}


def cooperative(group):
    def consumer():
        c = Consumer({"bootstrap.servers": server, "group.id": group, "auto.offset.reset": "earliest", "partition.assignment.strategy": "cooperative-sticky", "session.timeout.ms": 6000})
        c.subscribe([topic])
        return c

    def assigned(consumers, wanted):
        deadline = time.time() + 60
        while time.time() < deadline:
            for c in consumers:
                c.poll(0.1)
            held = [len(c.assignment()) for c in consumers]
            if sorted(held) == wanted:
                return held
        raise Exception("assigned %s, not %s" % (held, wanted))

    one = consumer()
    assigned([one], [4])
    two = consumer()
    assigned([one, two], [2, 2])
    one.close()
    assigned([two], [4])
    two.close()
    return {"assigned": "4, 2 and 2, 4"}


def admin():
    client = AdminClient({"bootstrap.servers": server})
    name = topic + "-admin"
    for future in client.create_topics([NewTopic(name, num_partitions=2, replication_factor=1)]).values():
        future.result()
    for future in client.create_partitions([NewPartitions(name, 4)]).values():
        future.result()
    partitions = len(client.list_topics(timeout=10).topics[name].partitions)
    configs = list(client.describe_configs([ConfigResource(ConfigResource.Type.TOPIC, name)]).values())[0].result()
    groups = [g.group_id for g in client.list_consumer_groups().result().valid]
    for future in client.delete_topics([name]).values():
        future.result()
    return {"partitions": partitions, "retention": configs["retention.ms"].value, "groups": groups}


if command == "produce":
    print(json.dumps(produce(args[0], int(args[1]), int(args[2]))))
elif command == "consume":
    print(json.dumps(consume(args[0], int(args[1]))))
elif command == "transaction":
    print(json.dumps(transaction(args[0], args[1] == "commit")))
elif command == "cooperative":
    print(json.dumps(cooperative(args[0])))
else:
    print(json.dumps(admin()))
