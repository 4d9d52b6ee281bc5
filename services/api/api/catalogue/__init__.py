"""What an automation can do: action types, for forms and completions."""
