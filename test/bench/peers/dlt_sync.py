"""S1's peer: dlt reads all customers from the Stripe simulator with rest_api and upserts them into PostgreSQL."""
import json
import os
import resource
import time

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
began = time.monotonic()

import dlt
from dlt.sources.rest_api import rest_api_source

pipeline = dlt.pipeline(
    pipeline_name="bench",
    pipelines_dir=os.path.join(os.environ["BENCH_DIR"], "pipelines"),
    destination=dlt.destinations.postgres(os.environ["BENCH_DATABASE_URL"]),
    dataset_name="dlt_sync",
)
source = rest_api_source({
    "client": {
        "base_url": os.environ["BENCH_API_URL"] + "/v1/",
        "auth": {"type": "bearer", "token": os.environ["BENCH_API_KEY"]},
        "paginator": {
            "type": "cursor", "cursor_path": "data[-1].id", "cursor_param": "starting_after", "has_more_path": "has_more",
        },
    },
    "resources": [{
        "name": "customers",
        "primary_key": "id",
        "write_disposition": {"disposition": "merge", "strategy": "upsert"},
        "endpoint": {"path": "customers", "params": {"limit": 100}, "data_selector": "data"},
    }],
})
pipeline.run(source, loader_file_format=os.environ.get("BENCH_FILE_FORMAT") or None)
own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({
    "seconds": time.monotonic() - began,
    "cpu": own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime,
}))
