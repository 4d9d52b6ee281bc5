/** The first automations that an empty page offers. */
import type { JsonObject } from '../model/document'

export interface Template {
  title: string
  explanation: string
  document: JsonObject
}

export const TEMPLATES: readonly Template[] = [
  {
    title: 'Escalate critical cases',
    explanation: 'A critical case goes to the escalation queue, and the team is told on Slack.',
    document: {
      name: 'Escalate critical cases',
      description: 'Critical cases reach the escalation team at once.',
      trigger: { event: 'case.created', conditions: { priority: 'critical' } },
      actions: [
        { type: 'assign_to_queue', params: { queue_id: 'escalations' } },
        {
          type: 'send_notification',
          params: { channel: 'slack', message: 'Critical case: {{ record.subject }}' },
        },
      ],
    },
  },
  {
    title: 'Approve a won deal',
    explanation: 'A deal in the stage “won” waits for somebody to check it; then its owner is told.',
    document: {
      name: 'Approve a won deal',
      description: 'Nothing is announced before somebody looked at the deal.',
      trigger: { event: 'opportunity.stage_changed', conditions: { stage: 'won' } },
      actions: [
        {
          type: 'human_task',
          params: { title: 'Check {{ record.name }}', instructions: 'Are amount and close date right?' },
        },
        {
          type: 'notify_user',
          params: { user: '{{ record.owner }}', message: '{{ record.name }} is approved.' },
        },
      ],
    },
  },
  {
    title: 'Welcome a new contact',
    explanation: 'A new contact receives an email, and somebody gets a task to call within two days.',
    document: {
      name: 'Welcome a new contact',
      description: 'Every new contact hears from us twice.',
      trigger: { event: 'contact.created' },
      actions: [
        {
          type: 'send_email',
          params: {
            to: '{{ record.email }}',
            subject: 'Welcome, {{ record.name }}',
            body: 'Hello {{ record.name }},\n\nwe are glad to have you.',
          },
        },
        { type: 'create_task', params: { title: 'Call {{ record.name }}', due_in: '2d' } },
      ],
    },
  },
]
