"""Messaging, on a real RabbitMQ."""
