"""Reads the topics of an Ingesta server and sends it commands, in another language.

It knows the names of the topics and the committed `.avsc` files of ingesta-server/schemas/v1, and
nothing else of the server: values are read and written by stock libraries, fastavro where values are
bare Avro, confluent-kafka's own (de)serializers where a schema registry numbers the schemas.

    python3 -m venv venv && venv/bin/pip install -r requirements.txt
    venv/bin/python sta.py read eventos-ingesta eventos-imagen
    venv/bin/python sta.py send comando-eliminar-ingesta KEY --id ID --data '{"id_ingesta": "..."}'

`read` prints every message that stands on the topics, one JSON object a line, and ends. `send` ends when
the broker has acknowledged the command. What does not fit a schema ends either with an error.
"""

import argparse
import io
import json
import pathlib
import sys
import time
import uuid

import fastavro
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

SCHEMAS = pathlib.Path(__file__).resolve().parents[2] / "ingesta-server" / "schemas" / "v1"
# A message that was put aside stands on this topic as it came.
DEAD = ".dead"
SECONDS = 30.0


def schema_text(args, topic):
    """The newest revision of the schema of a topic, as it is committed."""
    name = topic.removeprefix(args.prefix).removesuffix(DEAD)
    revisions = {
        int(path.name.removeprefix(f"{name}.").removesuffix(".avsc")): path
        for path in args.schemas.glob(f"{name}.[0-9]*.avsc")
    }
    if not revisions:
        sys.exit(f"{topic}: {args.schemas} has no schema {name}.N.avsc; is --prefix right?")
    return revisions[max(revisions)].read_text(encoding="utf-8")


class Bare:
    """Values that are Avro and nothing around it: whoever reads one knows the schema."""

    def __init__(self, args, topic):
        self.schema = fastavro.parse_schema(json.loads(schema_text(args, topic)))

    def read(self, value):
        stream = io.BytesIO(value)
        told = fastavro.schemaless_reader(stream, self.schema, None)
        rest = len(value) - stream.tell()
        if rest:
            raise ValueError(f"{rest} bytes follow the message")
        return told

    def write(self, told):
        stream = io.BytesIO()
        fastavro.schemaless_writer(stream, self.schema, told, strict=True)
        return stream.getvalue()


class Framed:
    """Values that begin with the number that a registry gave to their schema."""

    def __init__(self, args, topic):
        registry = SchemaRegistryClient({"url": args.registry})
        self.context = SerializationContext(topic, MessageField.VALUE)
        self.deserializer = AvroDeserializer(registry)
        self.serializer = AvroSerializer(
            registry,
            Schema(schema_text(args, topic), "AVRO"),
            # Whoever owns the topic registers its schemas.
            conf={"auto.register.schemas": False},
        )

    def read(self, value):
        return self.deserializer(value, self.context)

    def write(self, told):
        return self.serializer(told, self.context)


def values_of(args, topic):
    return Framed(args, topic) if args.registry else Bare(args, topic)


def client(args, **settings):
    return {
        "bootstrap.servers": args.brokers,
        **dict(setting.split("=", 1) for setting in args.set),
        **settings,
    }


def read(args):
    consumer = Consumer(
        client(
            args,
            **{
                "group.id": f"sta-py-{uuid.uuid4()}",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "isolation.level": "read_committed",
            },
        )
    )
    values = {topic: values_of(args, topic) for topic in args.topics}
    beginnings = []
    for topic in args.topics:
        found = consumer.list_topics(topic, SECONDS).topics[topic]
        if found.error:
            raise KafkaException(found.error)
        beginnings += [TopicPartition(topic, number, 0) for number in found.partitions]
    consumer.assign(beginnings)
    open_partitions = {(one.topic, one.partition) for one in beginnings}
    while open_partitions:
        message = consumer.poll(SECONDS)
        if message is None:
            sys.exit(f"nothing came for {SECONDS} s, and the topics have not ended")
        place = (message.topic(), message.partition())
        if message.error() is None:
            print(json.dumps(line(values[message.topic()], message)))
        elif message.error().code() == KafkaError._PARTITION_EOF:
            open_partitions.discard(place)
        else:
            raise KafkaException(message.error())
    consumer.close()


def line(values, message):
    key, value = message.key(), message.value()
    return {
        "topic": message.topic(),
        "partition": message.partition(),
        "offset": message.offset(),
        "timestamp": message.timestamp()[1],
        "key": None if key is None else key.decode(),
        "headers": {name: text.decode() for name, text in message.headers() or []},
        "value": None if value is None else values.read(value),
        # The first five bytes are a zero and the schema's number where a registry gave one.
        "begins": None if value is None else list(value[:5]),
    }


def send(args):
    now = int(time.time() * 1000)
    envelope = {
        "id": args.id,
        "time": now,
        "ingestion": now,
        "specversion": "v1",
        "type": args.type,
        "datacontenttype": "AVRO",
        "service_name": args.service,
        "data": json.loads(args.data),
    }
    value = values_of(args, args.topic).write(envelope)
    failed = []
    producer = Producer(client(args, **{"enable.idempotence": True}))
    producer.produce(
        args.topic,
        key=args.key.encode(),
        value=value,
        headers=[("ce_id", args.id.encode())],
        on_delivery=lambda error, _: failed.append(error),
    )
    if producer.flush(SECONDS):
        sys.exit(f"{args.topic}: not acknowledged within {SECONDS} s; send it again with --id {args.id}")
    if failed != [None]:
        raise KafkaException(failed[0])
    print(json.dumps({"topic": args.topic, "id": args.id, "bytes": len(value)}))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--brokers", default="localhost:9092", help="host:port, several by commas")
    parser.add_argument("--prefix", default="", help="what the server puts before every topic (kafka_prefix)")
    parser.add_argument("--schemas", type=pathlib.Path, default=SCHEMAS, help="folder of the .avsc files")
    parser.add_argument("--registry", help="address of a schema registry, where the server uses one")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of the client, as security.protocol=SASL_SSL"
    )
    commands = parser.add_subparsers(dest="command", required=True)
    reading = commands.add_parser("read", help="print what stands on topics")
    reading.add_argument("topics", nargs="+", help="names, with their prefix")
    reading.set_defaults(run=read)
    sending = commands.add_parser("send", help="send one command")
    sending.add_argument("topic", help="its name, with its prefix")
    sending.add_argument("key", help="the id of the ingesta, so that commands on one stay in order")
    sending.add_argument("--id", default=str(uuid.uuid4()), help="the same for each try of one wish")
    sending.add_argument("--type", default="Comando", help="how the envelope calls it")
    sending.add_argument("--service", default="sta-py", help="who sends it")
    sending.add_argument("--data", required=True, help="its data, JSON")
    sending.set_defaults(run=send)
    return parser.parse_args()


if __name__ == "__main__":
    try:
        parsed = arguments()
        parsed.run(parsed)
    except (KafkaException, ValueError, EOFError) as error:
        sys.exit(f"{type(error).__name__}: {error}")
