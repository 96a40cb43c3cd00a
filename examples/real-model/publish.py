"""Classify images while learning from them; write what was seen and said to Kafka: publish.py [HOST:PORT] [TOPIC]."""

import json
import sys
from datetime import UTC, datetime, timedelta

from confluent_kafka import Producer
from river import datasets, tree

bootstrap, topic = [*sys.argv[1:], *("localhost:9092", "predictions")[len(sys.argv) - 1 :]]
producer = Producer({"bootstrap.servers": bootstrap, "message.timeout.ms": 20_000})
model = tree.HoeffdingTreeClassifier()
images = datasets.ImageSegments()
begun = datetime.now(UTC) - timedelta(minutes=images.n_samples)  # an image a minute: a day and a half, up to now

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
        "time": time.isoformat(timespec="milliseconds"),
        "features": features,
        "scores": scores,
        "score": scores[prediction],
        "prediction": prediction,
    }
    producer.produce(topic, json.dumps(event), key=event["id"], timestamp=int(time.timestamp() * 1_000))
    producer.poll(0)

sys.exit("Kafka did not take all of them" if producer.flush(30) else 0)
