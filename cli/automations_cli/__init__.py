"""The automations command."""
