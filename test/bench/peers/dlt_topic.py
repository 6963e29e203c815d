"""S3's peer: dlt reads plain JSON from a topic and upserts it into PostgreSQL, as one load."""
import json
import os
import resource
import time

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"

import dlt
from confluent_kafka import Consumer

count = int(os.environ["BENCH_COUNT"])


@dlt.resource(name="customers", primary_key="id", write_disposition={"disposition": "merge", "strategy": "upsert"})
def customers():
    consumer = Consumer({
        "bootstrap.servers": os.environ["BENCH_BROKERS"], "group.id": "bench-dlt", "auto.offset.reset": "earliest", "enable.auto.commit": False,
    })
    consumer.subscribe([os.environ["BENCH_TOPIC"]])
    seen = 0
    while seen < count:
        batch = consumer.consume(min(5000, count - seen), 1.0)
        rows = [json.loads(message.value()) for message in batch if message.error() is None]
        seen += len(rows)
        if rows:
            yield rows
    consumer.close()


pipeline = dlt.pipeline(
    pipeline_name="bench",
    pipelines_dir=os.path.join(os.environ["BENCH_DIR"], "pipelines"),
    destination=dlt.destinations.postgres(os.environ["BENCH_DATABASE_URL"]),
    dataset_name="bench_dlt",
)
began = time.monotonic()
pipeline.run(customers(), loader_file_format="csv")
seconds = time.monotonic() - began
own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({"seconds": seconds, "cpu": own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime}))
