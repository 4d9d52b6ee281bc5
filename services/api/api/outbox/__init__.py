"""What is committed and must reach Kafka: a change and its message are one transaction, the sending follows."""
