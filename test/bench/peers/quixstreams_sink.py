"""S3's peer: Quix Streams reads plain JSON from a topic and upserts it into PostgreSQL, until it is ended."""
import os
from urllib.parse import unquote, urlsplit

from quixstreams import Application
from quixstreams.sinks.community.postgresql import PostgreSQLSink

url = urlsplit(os.environ["BENCH_DATABASE_URL"])
sink = PostgreSQLSink(
    host=url.hostname, port=url.port, dbname=url.path.lstrip("/"), user=url.username, password=unquote(url.password),
    # a name of its own: it looks up primary keys by their constraint's name in all schemas
    schema_name="bench_quix", table_name="quix_customers", primary_key_columns="id", upsert_on_primary_key=True,
)
app = Application(
    broker_address=os.environ["BENCH_BROKERS"], consumer_group="bench-quixstreams", auto_offset_reset="earliest",
    commit_every=10_000, commit_interval=5, state_dir=os.path.join(os.environ["BENCH_DIR"], "state"),
)
app.dataframe(app.topic(os.environ["BENCH_TOPIC"], value_deserializer="json")).sink(sink)
app.run()
