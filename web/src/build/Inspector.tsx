/** The panel on the right: what is selected, filled in here. */
import { Stack, Textarea, TextInput } from '@mantine/core'
import type { ActionEntry, EventType } from '../api/types'
import { type AutomationDocument, findAction, TRIGGER } from '../model/document'
import type { Operation } from '../model/operations'
import type { Problem } from '../model/problems'
import { ActionPanel } from './ActionPanel'
import { DurationField } from './FailurePanel'
import { fieldProblems, PanelHead } from './PanelHead'
import type { Place } from './StepEdge'
import { TriggerPanel } from './TriggerPanel'

export interface InspectorProps {
  automationId: string
  document: AutomationDocument
  types: readonly EventType[]
  selected: string | null
  catalogue: ReadonlyMap<string, ActionEntry>
  titles: ReadonlyMap<string, string>
  problems: readonly Problem[]
  /** How many problems each node has. */
  counts: ReadonlyMap<string, number>
  act: (operation: Operation) => void
  onSelect: (id: string | null) => void
  onAdd: (place: Place) => void
  onClose: () => void
}

export function Inspector(props: InspectorProps) {
  const { document, selected } = props
  const action = selected === null ? undefined : findAction(document, selected)
  if (selected === TRIGGER) return <TriggerPanel {...props} />
  if (action) return <ActionPanel {...props} action={action} />
  return <AutomationPanel {...props} />
}

function AutomationPanel({ document, problems, act }: InspectorProps) {
  const found = fieldProblems(document, problems, null)
  return (
    <>
      <PanelHead title="Automation" note="Select the trigger or an action to fill it in." />
      <Stack gap="md" className="panel-body">
        <TextInput
          label="Name"
          required
          value={document.name}
          error={found.get('name')}
          onChange={(event) => act({ kind: 'rename', name: event.currentTarget.value })}
        />
        <Textarea
          label="Description"
          autosize
          minRows={3}
          maxRows={10}
          value={document.description ?? ''}
          error={found.get('description')}
          onChange={(event) => act({ kind: 'describe', description: event.currentTarget.value })}
        />
        <DurationField
          label="Time for a whole run"
          description="Waits included. When it is up, the run fails. Without it, there is no limit."
          placeholder="14d"
          value={document.timeout}
          error={found.get('timeout')}
          onChange={(timeout) => act({ kind: 'setTimeout', timeout })}
        />
      </Stack>
    </>
  )
}
