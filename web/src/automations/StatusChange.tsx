/** Sets an automation active, pauses or archives it, after saying what that means. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { api } from '../api/client'
import type { Automation, AutomationStatus } from '../api/types'
import { Consequence } from '../components/Consequence'
import { eventsOf, eventsPhrase } from '../model/sentences'

interface Props {
  automation: Automation
  /** The status to set, or null while nothing is asked. */
  to: AutomationStatus | null
  onClose: () => void
}

export function StatusChange({ automation, to, onClose }: Props) {
  const client = useQueryClient()
  const change = useMutation({
    mutationFn: (status: AutomationStatus) => api.setStatus(automation.id, status),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['automations'] })
      void client.invalidateQueries({ queryKey: ['automation', automation.id] })
      onClose()
    },
  })
  const { title, action, consequences } = wordsFor(automation, to ?? automation.status)
  return (
    <Consequence
      opened={to !== null}
      title={title}
      action={action}
      consequences={consequences}
      isDangerous={to === 'archived'}
      isPending={change.isPending}
      error={change.error}
      onConfirm={() => to && change.mutate(to)}
      onClose={() => {
        change.reset()
        onClose()
      }}
    />
  )
}

function wordsFor(automation: Automation, to: AutomationStatus) {
  const events = eventsOf(automation.trigger)
  const when = events.length > 0 ? `every time ${eventsPhrase(events)}` : 'at its event'
  switch (to) {
    case 'active':
      return {
        title: `Set “${automation.name}” active`,
        action: 'Set active',
        consequences: [
          `From now on it looks ${when} whether its conditions hold, and runs.`,
          'Events from before this moment start nothing.',
          'Pause it at any time; runs under way then go on to their end.',
        ],
      }
    case 'paused':
      return {
        title: `Pause “${automation.name}”`,
        action: 'Pause',
        consequences: [
          'No event published from now on starts a run. What would have started is kept as a skipped start.',
          'Runs under way go on to their end, waiting ones too.',
          'Set it active again at any time.',
        ],
      }
    case 'archived':
      return {
        title: `Archive “${automation.name}”`,
        action: 'Archive',
        consequences: [
          'It starts no more runs. Its history stays.',
          'Runs under way go on to their end.',
          'It can be brought back as a draft.',
        ],
      }
    case 'draft':
      return {
        title: `Bring “${automation.name}” back`,
        action: 'Bring back as draft',
        consequences: ['It becomes a draft. It starts nothing until it is set active.'],
      }
  }
}
