/** The panel on the right: setting up what is selected, and testing the whole. */
import { Tabs } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { queries } from '../api/queries'
import type { ActionEntry, EventType } from '../api/types'
import type { AutomationDocument } from '../model/document'
import type { Operation } from '../model/operations'
import type { Problem } from '../model/problems'
import { TestPanel } from '../testing/TestPanel'
import type { Trial } from '../testing/useTrial'
import { Inspector } from './Inspector'

const NO_TYPES: readonly EventType[] = []

export type PanelTab = 'setup' | 'test'

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
  act: (operation: Operation) => void
  onClose: () => void
}

export function PanelTabs({ tab, onTab, trial, onSelect, ...rest }: Props) {
  const known = useQuery(queries.eventTypes())
  const types = known.data ?? NO_TYPES
  const { automationId, document, selected, onClose } = rest
  return (
    <Tabs value={tab} onChange={(next) => onTab(next === 'test' ? 'test' : 'setup')} keepMounted={false}>
      <Tabs.List className="panel-tabs">
        <Tabs.Tab value="setup">Set up</Tabs.Tab>
        <Tabs.Tab value="test">Test</Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="setup">
        <Inspector {...rest} types={types} />
      </Tabs.Panel>
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
