"""Against real servers: Apache Kafka, a browser, Prometheus."""
