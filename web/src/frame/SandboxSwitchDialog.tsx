import { useMutation, useQueryClient } from '@tanstack/react-query'
import { api } from '../api/client'
import { Consequence } from '../components/Consequence'

const SWITCHING_ON = [
  'What you publish from now on goes to the sandbox; live automations run on as before.',
  'Sandbox automations see every live event and decide for real, but send and change nothing.',
  'What they would have done stands in the runs, marked as dry run.',
]
const SWITCHING_OFF = [
  'Sandbox automations see no more events. Dry runs under way finish dry.',
  'The sandbox documents stay as they are, to go on later or to promote.',
  'What you publish from now on is live.',
]

interface Props {
  opened: boolean
  /** What the sandbox becomes. */
  active: boolean
  onClose: () => void
}

export function SandboxSwitchDialog({ opened, active, onClose }: Props) {
  const client = useQueryClient()
  const change = useMutation({
    mutationFn: () => api.switchSandbox(active),
    onSuccess: (sandbox) => {
      client.setQueryData(['sandbox'], sandbox)
      void client.invalidateQueries()
      onClose()
    },
  })
  return (
    <Consequence
      opened={opened}
      title={active ? 'Switch the sandbox on' : 'Leave the sandbox'}
      consequences={active ? SWITCHING_ON : SWITCHING_OFF}
      action={active ? 'Switch on' : 'Leave the sandbox'}
      isPending={change.isPending}
      error={change.error}
      onConfirm={() => change.mutate()}
      onClose={onClose}
    />
  )
}
