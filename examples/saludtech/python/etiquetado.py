"""The labeller in another language: the same topics, the same answers as `saludtech etiquetado`.

Promises, as its twin's: the same study gets the same labels; a study without a modality is refused
with a code; each command takes effect once, however often its message comes, and is answered each
time, alike; what nobody can read is put aside with its reason; nothing of a message's data is logged.

An effect and its answer are stored in one transaction of SQLite. The answer is published from there
and the offset is committed after it, so a death in between repeats a message and never an effect.
It injects no failures. One process at a time works on a data folder.
"""

import argparse
import json
import logging
import os
import re
import signal
import sqlite3
import threading
import unicodedata
import uuid
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path

import fastavro
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

HERE = Path(__file__).resolve().parent
START = "comando-iniciar-etiquetado"
UNDO = "comando-revertir-etiquetado"
ANSWERS = "eventos-etiquetado"
GROUPS = {
    START: "etiquetado-sub-comando-iniciar-etiquetado",
    UNDO: "etiquetado-sub-comando-revertir-etiquetado",
}
SOURCE = "etiquetado"
LARGEST = 1_048_576
log = logging.getLogger("etiquetado")


class Poison(Exception):
    """A message that can never be carried out. Neither code nor text holds any of its data."""

    def __init__(self, code, text):
        super().__init__(text)
        self.code, self.text = code, text


# --- the table -------------------------------------------------------------------------------

TABLE = json.loads((HERE.parent / "etiquetas.json").read_text(encoding="utf-8"))
ACCENTS = str.maketrans("áéíóúüñ", "aeiouun")


def words(text):
    plain = unicodedata.normalize("NFC", text or "").lower().translate(ACCENTS)
    return re.findall(r"[a-z0-9]+", plain)


def label(modality, region, description):
    """The labels of a study, or the code of what is missing."""
    code = (modality or "").strip()
    if not code:
        return None, "modalidad_requerida"
    code = "".join(c.upper() if c.isascii() else c for c in code)
    if not re.fullmatch(r"[A-Z0-9_]{1,16}", code):
        return None, "modalidad_invalida"
    text = words(description)
    region = next((TABLE["regiones"][w] for w in words(region) + text if w in TABLE["regiones"]), None)
    found = [TABLE["hallazgos"][w] for w in text if w in TABLE["hallazgos"]]
    labels = [f"modalidad:{TABLE['modalidades'].get(code, code)}"]
    if region:
        labels.append(f"region:{region}")
    for finding in found:
        if f"hallazgo:{finding}" not in labels:
            labels.append(f"hallazgo:{finding}")
    return {
        "modalidad": code,
        "region_anatomica": region,
        "patologia": found[0] if found else None,
        "etiquetas": labels,
    }, None


# --- messages --------------------------------------------------------------------------------


def schema(topic):
    path = SCHEMAS / f"{topic}.1.avsc"
    return fastavro.parse_schema(json.loads(path.read_text(encoding="utf-8")))


SCHEMAS = HERE.parents[2] / "ingesta-server" / "schemas" / "v1"


def read(topic_schema, value):
    if value is None:
        raise Poison("no_value", "a message needs a value")
    if len(value) > LARGEST:
        raise Poison("too_large", "the message is larger than any of this topic")
    stream = BytesIO(value)
    try:
        envelope = fastavro.schemaless_reader(stream, topic_schema)
    except Exception as error:  # whatever the bytes make of the library
        raise Poison("malformed", "the message is not of its topic's schema") from error
    if stream.read(1):
        raise Poison("trailing-bytes", "the message does not end where its schema does")
    if envelope["data"] is None:
        raise Poison("no_data", "the message says nothing")
    return envelope


def write(topic_schema, envelope):
    stream = BytesIO()
    fastavro.schemaless_writer(stream, topic_schema, envelope)
    return stream.getvalue()


def instant(at):
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def header(message, name):
    found = [value for key, value in message.headers() or [] if key == name]
    if not found or found[-1] is None:
        return None
    try:
        text = found[-1].decode("utf-8")
    except UnicodeDecodeError:
        return None
    return text if text.strip() and len(text) <= 255 and text.isprintable() else None


def named(message, envelope):
    """The name of the command: its envelope's, else its header's, else its place."""
    own = envelope["id"] or ""
    return own if own.strip() else header(message, "ce_id") or place(message)


def place(message):
    return f"{message.topic()}/{message.partition()}/{message.offset()}"


def circumstances(message, name):
    """What goes on to the answer: the conversation, the cause, the trace."""
    trace = header(message, "traceparent") or ""
    if not re.fullmatch(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}", trace):
        trace = None
    cause = name if len(name) <= 255 and name.isprintable() else place(message)
    said = header(message, "ce_correlationid")
    return {
        "traceparent": trace,
        "ce_correlationid": said or (trace.split("-")[1] if trace else cause),
        "ce_causationid": cause,
    }


# --- the steps -------------------------------------------------------------------------------


def which(message, data):
    """The ingesta, which is the key, and the study."""
    study = (data["id_anonimizado"] or "").strip()
    if not study:
        raise Poison("id_anonimizado_requerido", "the message names no study")
    try:
        study = uuid.UUID(study)
    except ValueError:
        raise Poison("id_anonimizado_invalido", "id_anonimizado is no uuid") from None
    try:
        ingesta = uuid.UUID((message.key() or b"").decode("ascii"))
    except ValueError:
        raise Poison("sin_ingesta", "the message has no key that names an ingesta") from None
    return ingesta, study, uuid.uuid5(study, "etiquetado")


class Books:
    """What is remembered: commands by name, studies, and answers until they are published."""

    def __init__(self, path):
        self.db = sqlite3.connect(path, isolation_level=None, timeout=30)
        self.db.executescript(
            """
            pragma journal_mode = wal;
            pragma synchronous = full;
            create table if not exists commands (name text primary key, asked text not null);
            create table if not exists studies (
                id text primary key, ingesta text not null, state text not null, labels text,
                version integer not null);
            create table if not exists told (
                name text primary key, key text not null, value blob not null,
                headers text not null);
            create table if not exists answers (
                number integer primary key autoincrement, key text not null, value blob not null,
                headers text not null);
            """
        )

    def carry_out(self, topic, message, envelope, answer_schema):
        """The effect and its answer, both or neither; nothing where it is done already."""
        data, name = envelope["data"], named(message, envelope)
        ingesta, study, own = which(message, data)
        if topic == START:
            labels, code = label(data["modalidad"], data["region_anatomica"], data["patologia"])
            asked = json.dumps([str(ingesta), str(study), labels])
        else:
            if data["id_etiquetado"] not in (None, str(own)):
                raise Poison("id_etiquetado_distinto", "id_etiquetado is not the one of this study")
            labels, code = None, None
            asked = json.dumps([str(ingesta), str(study)])
        self.db.execute("begin immediate")
        try:
            known = self.db.execute(
                "select asked from commands where name = ?", (f"{topic}/{name}",)
            ).fetchone()
            if known is None:
                step = (topic, ingesta, study, own, labels, code)
                self.decide(step, circumstances(message, name), answer_schema)
                self.db.execute("insert into commands values (?, ?)", (f"{topic}/{name}", asked))
                # Kept by the command's name, for whoever asks again.
                self.db.execute(
                    "insert into told select ?, key, value, headers from answers"
                    " order by number desc limit 1",
                    (f"{topic}/{name}",),
                )
            elif known[0] != asked:
                raise Poison("command_id_reused", "another command with this id was carried out before")
            else:
                self.db.execute(
                    "insert into answers (key, value, headers)"
                    " select key, value, headers from told where name = ?",
                    (f"{topic}/{name}",),
                )
            self.db.execute("commit")
        except BaseException:
            self.db.execute("rollback")
            raise

    def decide(self, step, about, answer_schema):
        topic, ingesta, study, own, labels, code = step
        row = self.db.execute(
            "select ingesta, state, labels, version from studies where id = ?", (str(own),)
        ).fetchone()
        owner, state, kept, version = row or (str(ingesta), "Ninguno", None, 0)
        if owner != str(ingesta):
            raise Poison("otra_ingesta", "the study belongs to another ingesta")
        had = kept is not None
        told = {"etiquetas": None, "codigo": None, "habia": None}
        if topic == UNDO:
            kind, state = "EtiquetadoRevertido", "Revertido"
            told |= {"estado": "Revertido", "habia": had}
        else:
            if state == "Revertido":
                labels, code = None, "revertido"
            elif had:
                labels, code = json.loads(kept), None
            if labels:
                kind, state, kept = "EtiquetadoCreado", "Creado", json.dumps(labels)
                told |= labels | {"estado": "Creado"}
            else:
                kind = "EtiquetadoRechazado"
                state = "Rechazado" if state == "Ninguno" else state
                told |= {"estado": "Rechazado", "codigo": code}
        self.db.execute(
            "insert or replace into studies values (?, ?, ?, ?, ?)",
            (str(own), str(ingesta), state, kept, version + 1),
        )
        self.answer(kind, told, (ingesta, study, own), version + 1, about, answer_schema)

    def answer(self, kind, told, ids, version, about, answer_schema):
        ingesta, study, own = ids
        now = datetime.now(timezone.utc)
        milliseconds = int(now.timestamp() * 1000)
        name = f"Etiquetado/{own}/{version}"
        data = dict.fromkeys(("modalidad", "region_anatomica", "patologia")) | told
        data |= {
            "id_etiquetado": str(own),
            "id_anonimizado": str(study),
            "id_ingesta": str(ingesta),
            "fecha_creacion": instant(now),
        }
        envelope = {
            "id": name,
            "time": milliseconds,
            "ingestion": milliseconds,
            "specversion": "v1",
            "type": kind,
            "datacontenttype": "AVRO",
            "service_name": SOURCE,
            "data": data,
        }
        headers = {
            "ce_specversion": "1.0",
            "ce_id": name,
            "ce_source": f"/{SOURCE}",
            "ce_type": kind,
            "ce_time": instant(now),
            "ce_subject": str(own),
            "ce_sequence": str(version),
            "content-type": "application/avro",
        }
        headers |= {key: value for key, value in about.items() if value}
        self.db.execute(
            "insert into answers (key, value, headers) values (?, ?, ?)",
            (str(ingesta), write(answer_schema, envelope), json.dumps(headers)),
        )

    def publish(self, producer, topic):
        """What is not published yet, in order; forgotten once the broker has it."""
        rows = self.db.execute("select number, key, value, headers from answers order by number")
        for number, key, value, headers in rows.fetchall():
            headers = [(name, text.encode()) for name, text in json.loads(headers).items()]
            deliver(producer, topic, key.encode(), value, headers)
            self.db.execute("delete from answers where number = ?", (number,))


# --- the broker ------------------------------------------------------------------------------


def deliver(producer, topic, key, value, headers):
    """Comes back when all replicas have it."""
    failed = []
    producer.produce(
        topic, value, key, headers=headers, on_delivery=lambda error, _: failed.append(error)
    )
    producer.flush()
    if failed != [None]:
        raise KafkaException(failed[0] if failed else KafkaError(KafkaError._FAIL))


def put_aside(admin, producer, group, message, poison):
    """As the Rust inbox does, so that the same tools list and replay it."""
    topic = f"{message.topic()}.dead"
    make(admin, [NewTopic(topic, 1, config={"cleanup.policy": "compact", "max.message.bytes": str(64 * 1024 * 1024)})])
    original = list(message.headers() or [])
    replays = next((v for k, v in reversed(original) if k == "ingesta-replays"), b"0")
    headers = original + [
        ("dead-letter-code", poison.code.encode()),
        ("dead-letter-reason", poison.text.encode()),
        ("dead-letter-group", group.encode()),
        ("dead-letter-at", datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z").encode()),
        ("dead-letter-topic", message.topic().encode()),
        ("dead-letter-partition", str(message.partition()).encode()),
        ("dead-letter-offset", str(message.offset()).encode()),
        ("dead-letter-replays", replays),
    ]
    if message.key() is not None:
        headers.append(("dead-letter-key", message.key()))
    if message.value() is None:
        headers.append(("dead-letter-tombstone", b"true"))
    headers.append(("dead-letter-headers", str(len(original)).encode()))
    deliver(producer, topic, place(message).encode(), message.value() or b"", headers)
    log.warning("put aside %s: %s", place(message), poison.code)


def make(admin, topics):
    """Topics that are there already are left as they are."""
    for made in admin.create_topics(topics).values():
        try:
            made.result()
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise


class Health(BaseHTTPRequestHandler):
    """`GET /health`."""

    state = {"status": "up"}

    def do_GET(self):  # the name is the library's
        known = self.path in ("/health", f"/{SOURCE}/health")
        body = json.dumps(self.state if known else {"error": "not found"}).encode()
        self.send_response(200 if known else 404)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Labeller:
    def __init__(self, args):
        self.args = args
        folder = Path(args.data_dir)
        folder.mkdir(parents=True, exist_ok=True)
        self.books = Books(folder / "etiquetado.sqlite")
        self.schemas = {topic: schema(topic) for topic in (START, UNDO, ANSWERS)}
        common = {"bootstrap.servers": args.kafka_brokers, "client.id": SOURCE}
        self.admin = AdminClient(common)
        self.producer = Producer(
            common
            | {
                "enable.idempotence": True,
                "acks": "all",
                "partitioner": "murmur2_random",
                "message.timeout.ms": 30_000,
                "linger.ms": 0,
            }
        )
        # A group for each topic, so that trouble with one holds up no other.
        self.consumers = {topic: self.consumer(common, topic) for topic in GROUPS}
        self.ended = threading.Event()

    def consumer(self, common, topic):
        return Consumer(
            common
            | {
                "group.id": self.args.kafka_prefix + GROUPS[topic],
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "isolation.level": "read_committed",
                "session.timeout.ms": 10_000,
                "topic.metadata.refresh.interval.ms": 10_000,
            }
        )

    def topic(self, name):
        return self.args.kafka_prefix + name

    def handle(self, topic, message):
        try:
            envelope = read(self.schemas[topic], message.value())
            self.books.carry_out(topic, message, envelope, self.schemas[ANSWERS])
        except Poison as poison:
            group = self.args.kafka_prefix + GROUPS[topic]
            put_aside(self.admin, self.producer, group, message, poison)
        self.books.publish(self.producer, self.topic(ANSWERS))

    def turn(self, topic, consumer):
        message = consumer.poll(0.05)
        if message is None:
            return
        if message.error():
            # The client tries on by itself.
            log.debug("%s: %s", topic, message.error().name())
            return
        try:
            self.handle(topic, message)
        except (KafkaException, sqlite3.Error) as error:
            # What it needs is away: the same message comes again.
            log.warning("%s is tried again: %s", place(message), type(error).__name__)
            here = TopicPartition(message.topic(), message.partition(), message.offset())
            consumer.seek(here)
            self.ended.wait(0.5)
            return
        consumer.commit(message=message, asynchronous=True)

    def run(self):
        while not self.ended.is_set():
            try:
                # What is published late is kept from then on.
                config = {"message.timestamp.type": "LogAppendTime"}
                partitions, copies = self.args.kafka_partitions, self.args.kafka_replication
                specs = [
                    NewTopic(self.topic(name), partitions, copies, config=config)
                    for name in (START, UNDO, ANSWERS)
                ]
                make(self.admin, specs)
                # What a death left behind.
                self.books.publish(self.producer, self.topic(ANSWERS))
                break
            except KafkaException as error:
                log.warning("the broker is not ready: %s", error.args[0].name())
                self.ended.wait(1)
        for topic, consumer in self.consumers.items():
            consumer.subscribe([self.topic(topic)])
        while not self.ended.is_set():
            for topic, consumer in self.consumers.items():
                self.turn(topic, consumer)
        for consumer in self.consumers.values():
            consumer.close()
        self.books.db.close()


def main():
    parser = argparse.ArgumentParser(description="The labeller.")
    parser.add_argument("--kafka-brokers", default=os.environ.get("KAFKA_BROKERS", "localhost:9092"))
    parser.add_argument("--kafka-prefix", default="")
    parser.add_argument("--kafka-partitions", type=int, default=6)
    parser.add_argument("--kafka-replication", type=int, default=-1)
    parser.add_argument("--data-dir", default=".saludtech/etiquetado-python")
    parser.add_argument("--listen", default="127.0.0.1:5002")
    parser.add_argument("--log", default="info", choices=["debug", "info", "warning", "error"])
    parser.add_argument("--json", action="store_true", help="say in JSON where it listens")
    args = parser.parse_args()
    logging.basicConfig(level=args.log.upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s")

    labeller = Labeller(args)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: labeller.ended.set())
    host, port = args.listen.rsplit(":", 1)
    server = ThreadingHTTPServer((host, int(port)), Health)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = "http://%s:%d" % server.server_address[:2]
    ready = {"event": "ready", "service": SOURCE, "url": url, "pid": os.getpid()}
    print(json.dumps(ready) if args.json else f"etiquetado is ready: {url}/health", flush=True)
    labeller.run()
    server.shutdown()


if __name__ == "__main__":
    main()
