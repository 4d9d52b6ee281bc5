/** The panel on the right: setting up what is selected, and testing the whole. */
import { Tabs } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { queries } from '../api/queries'
import type { ActionEntry, EventType } from '../api/types'
import { type AutomationDocument, findAction } from '../model/document'
import type { Operation } from '../model/operations'
import type { Problem } from '../model/problems'
import { TestPanel } from '../testing/TestPanel'
import type { Trial } from '../testing/useTrial'
import { FailurePanel } from './FailurePanel'
import { Inspector } from './Inspector'
import type { Place } from './StepEdge'

const NO_TYPES: readonly EventType[] = []

export type PanelTab = 'setup' | 'test' | 'failure'

interface Props {
  automationId: string
  document: AutomationDocument
  tab: PanelTab
  onTab: (tab: PanelTab) => void
  trial: Trial
  selected: string | null
  onSelect: (id: string | null) => void
  catalogue: ReadonlyMap<string, ActionEntry>
  titles: ReadonlyMap<string, string>
  problems: readonly Problem[]
  /** How many problems each node has. */
  counts: ReadonlyMap<string, number>
  act: (operation: Operation) => void
  onAdd: (place: Place) => void
  onClose: () => void
}

export function PanelTabs({ tab, onTab, trial, onSelect, ...rest }: Props) {
  const known = useQuery(queries.eventTypes())
  const types = known.data ?? NO_TYPES
  const { automationId, document, selected, catalogue, titles, problems, act, onClose } = rest
  const action = selected === null ? undefined : findAction(document, selected)
  const shown = tab === 'failure' && !action ? 'setup' : tab
  return (
    <Tabs value={shown} onChange={(next) => next && onTab(next as PanelTab)} keepMounted={false}>
      <Tabs.List className="panel-tabs">
        <Tabs.Tab value="setup">Set up</Tabs.Tab>
        <Tabs.Tab value="test">Test</Tabs.Tab>
        {action && <Tabs.Tab value="failure">On error & retry</Tabs.Tab>}
      </Tabs.List>
      <Tabs.Panel value="setup">
        <Inspector {...rest} types={types} onSelect={onSelect} />
      </Tabs.Panel>
      {action && (
        <Tabs.Panel value="failure">
          <FailurePanel
            key={action.id}
            document={document}
            action={action}
            entry={catalogue.get(action.type)}
            titles={titles}
            problems={problems}
            act={act}
            onClose={onClose}
          />
        </Tabs.Panel>
      )}
      <Tabs.Panel value="test">
        <TestPanel
          automationId={automationId}
          document={document}
          types={types}
          areTypesRead={!known.isPending}
          trial={trial}
          selected={selected}
          onSelect={onSelect}
          onClose={onClose}
        />
      </Tabs.Panel>
    </Tabs>
  )
}
