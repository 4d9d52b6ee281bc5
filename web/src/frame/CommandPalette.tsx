/** Search and commands: every automation and every place by a few letters. */
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useMemo } from 'react'
import { queries } from '../api/queries'
import { type Pickable, Picker } from '../components/Picker'
import { openDocument } from '../model/document'
import { automationSentence } from '../model/sentences'

const PLACES: Pickable[] = [
  { id: '/automations', label: 'Automations', group: 'Go to' },
  { id: '/runs', label: 'Runs', group: 'Go to', words: 'history' },
  { id: '/runs?status=failed', label: 'Failed runs', group: 'Go to', words: 'errors' },
  { id: '/tasks', label: 'Tasks', group: 'Go to', words: 'inbox approve' },
  { id: '/sandbox', label: 'Sandbox', group: 'Go to', words: 'dry test promote' },
  { id: '/settings', label: 'Settings', group: 'Go to' },
  { id: '/automations?new=true', label: 'New automation', group: 'Do', words: 'create add' },
]

export function CommandPalette({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const navigate = useNavigate()
  const automations = useQuery({ ...queries.automations(), enabled: opened })
  const items = useMemo(
    () => [
      ...PLACES,
      ...(automations.data ?? []).map((automation) => ({
        id: `/automations/${automation.id}`,
        label: automation.name,
        hint: automationSentence(openDocument(automation)),
        group: 'Automations',
      })),
    ],
    [automations.data],
  )
  return (
    <Picker
      opened={opened}
      onClose={onClose}
      title="Search and commands"
      placeholder="An automation, a page, a command"
      items={items}
      onPick={(href) => void navigate({ to: href })}
    />
  )
}
