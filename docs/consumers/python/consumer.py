"""Prints the current state of an object collection and goes on with what changes."""
import json
import os
import signal

from confluent_kafka import Consumer

group = os.environ.get("GROUP", "my-team")
consumer = Consumer({
    "bootstrap.servers": os.environ.get("KAFKA_BROKERS", "localhost:9092"),
    "group.id": group,
    "auto.offset.reset": "earliest",
    "isolation.level": "read_committed",
})
consumer.subscribe([os.environ.get("TOPIC", "cs.objects.stripe.customers")])

newest: dict[str, int] = {}
running = True


def stop(*_):
    global running
    running = False


signal.signal(signal.SIGINT, stop)
signal.signal(signal.SIGTERM, stop)

while running:
    message = consumer.poll(0.5)
    if message is None:
        continue
    if message.error():
        raise SystemExit(str(message.error()))
    key = (message.key() or b"").decode()
    if message.value() is None:  # purged
        newest.pop(key, None)
        continue
    record = json.loads(message.value())  # Python's integers are exact
    version = int(record["version"])
    if newest.get(key, -1) > version:  # an older state that came late
        continue
    newest[key] = version
    headers = dict(message.headers() or [])
    print(json.dumps({"id": record["id"], "version": record["version"], "deleted": record["deleted"], "type": headers.get("ce_type", b"").decode()}), flush=True)

consumer.close()
