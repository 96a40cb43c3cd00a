"""Classify images while learning from them; write to Kafka what was seen and said, and later what was true.

publish.py [HOST:PORT] [TOPIC] [TOPIC OF LABELS]
"""

import json
import sys
from datetime import UTC, datetime, timedelta

from confluent_kafka import Producer
from river import datasets, tree

bootstrap, topic, labels = [*sys.argv[1:], *("localhost:9092", "predictions", "labels")[len(sys.argv) - 1 :]]
producer = Producer({"bootstrap.servers": bootstrap, "message.timeout.ms": 20_000})
model = tree.HoeffdingTreeClassifier()
images = datasets.ImageSegments()
LATER = timedelta(minutes=20)  # until somebody has looked at an image
begun = datetime.now(UTC) - timedelta(minutes=images.n_samples) - LATER  # an image a minute: a day and a half


def send(where: str, event: dict, time: datetime) -> None:
    """Publish an event of that time."""
    event["time"] = time.isoformat(timespec="milliseconds")
    producer.produce(where, json.dumps(event), key=event["id"], timestamp=int(time.timestamp() * 1_000))
    producer.poll(0)


for i, (features, label) in enumerate(images):
    scores = model.predict_proba_one(features)
    model.learn_one(features, label)
    if not scores:
        continue  # it has seen nothing yet
    prediction = max(scores, key=scores.get)
    time = begun + timedelta(minutes=i)
    event = {
        "id": f"image-{i}",
        "kind": "prediction",
        "model": "image-segments",
        "version": "1",
        "features": features,
        "scores": scores,
        "score": scores[prediction],
        "prediction": prediction,
    }
    send(topic, event, time)
    known = {"id": f"image-{i}", "kind": "label", "model": "image-segments", "label": label}
    send(labels, known, time + LATER)

sys.exit("Kafka did not take all of them" if producer.flush(30) else 0)
