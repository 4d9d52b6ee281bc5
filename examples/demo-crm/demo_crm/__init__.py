"""A small CRM behind the CRM port, and a sink that shows mails and Slack messages."""
