"""Why an event starts an automation, or does not: the matcher's own judgement, told step by step."""
