"""What an automation can be made of: actions and event types, for forms and completions."""
