import { Button, Chip, Group, SimpleGrid, Switch, Text, TextInput, Title } from '@mantine/core'
import { IconBolt, IconPlus, IconSearch, IconSend } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { failureWords } from '../api/client'
import { queries } from '../api/queries'
import type { Automation, AutomationStatus } from '../api/types'
import { NewAutomation, useCreateAutomation } from '../automations/NewAutomation'
import { StatusChange } from '../automations/StatusChange'
import { TestEvent } from '../automations/TestEvent'
import { TEMPLATES } from '../automations/templates'
import { Moment } from '../components/Moment'
import { Empty, Failed, Loading } from '../components/Outcome'
import { PhraseText } from '../components/PhraseText'
import { StateBadge, stateWord } from '../components/StateBadge'
import { openDocument } from '../model/document'
import { automationPhrase, automationSentence } from '../model/sentences'
import { loopGuardWords } from '../model/skips'
import './tables.css'

const STATUSES: AutomationStatus[] = ['active', 'paused', 'draft', 'archived']

export function AutomationsPage() {
  const automations = useQuery(queries.automations())
  const search = useSearch({ strict: false }) as { new?: unknown }
  const navigate = useNavigate()
  const [isCreating, setCreating] = useState(false)
  const [isTesting, setTesting] = useState(false)
  const isOpen = isCreating || Boolean(search.new)
  const close = () => {
    setCreating(false)
    if (search.new) void navigate({ to: '/automations', replace: true })
  }
  return (
    <div className="page">
      <div className="page-head">
        <div>
          <Title order={1}>Automations</Title>
          <p className="page-lead">What happens by itself when something happens in the CRM.</p>
        </div>
        <Button variant="default" leftSection={<IconSend size={16} />} onClick={() => setTesting(true)}>
          Publish a test event
        </Button>
        <Button leftSection={<IconPlus size={16} />} onClick={() => setCreating(true)}>
          New automation
        </Button>
      </div>
      {automations.isPending && <Loading label="Automations are loading" />}
      {automations.isError && (
        <Failed what="The automations" error={automations.error} onRetry={() => void automations.refetch()} />
      )}
      {automations.data?.length === 0 && <FirstAutomation onNew={() => setCreating(true)} />}
      {automations.data && automations.data.length > 0 && <AutomationList automations={automations.data} />}
      <NewAutomation opened={isOpen} onClose={close} />
      <TestEvent opened={isTesting} onClose={() => setTesting(false)} />
    </div>
  )
}

function FirstAutomation({ onNew }: { onNew: () => void }) {
  const create = useCreateAutomation()
  return (
    <div className="card">
      <Empty title="Your automations will stand here" icon={<IconBolt size={32} aria-hidden />}>
        <p>An automation waits for an event of the CRM, looks at its conditions, and performs its actions.</p>
        <SimpleGrid cols={{ base: 1, sm: 3 }} mt="md" w="100%" maw={900}>
          {TEMPLATES.map((template) => (
            <button
              key={template.title}
              type="button"
              className="template"
              disabled={create.isPending}
              onClick={() => create.mutate(template.document)}
            >
              <b>{template.title}</b>
              <span>{template.explanation}</span>
            </button>
          ))}
        </SimpleGrid>
        {create.error && (
          <Text role="alert" c="var(--failed)" size="sm">
            {failureWords(create.error)}
          </Text>
        )}
        <Button variant="default" mt="sm" onClick={onNew}>
          Start from scratch
        </Button>
      </Empty>
    </div>
  )
}

function AutomationList({ automations }: { automations: Automation[] }) {
  const [text, setText] = useState('')
  const [statuses, setStatuses] = useState<string[]>([])
  const [change, setChange] = useState<{ automation: Automation; to: AutomationStatus } | null>(null)
  const rows = useMemo(
    () => automations.map((automation) => ({ automation, document: openDocument(automation) })),
    [automations],
  )
  const words = text.toLowerCase()
  const shown = rows.filter(
    ({ automation, document }) =>
      (statuses.length === 0 ? automation.status !== 'archived' : statuses.includes(automation.status)) &&
      `${automation.name} ${automationSentence(document)}`.toLowerCase().includes(words),
  )
  const counts = STATUSES.filter((status) => automations.some((automation) => automation.status === status))
  return (
    <>
      <Group mb="sm" gap="sm">
        <TextInput
          aria-label="Find an automation"
          placeholder="Find"
          leftSection={<IconSearch size={16} aria-hidden />}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          w={{ base: '100%', xs: 240 }}
        />
        <Chip.Group multiple value={statuses} onChange={setStatuses}>
          <Group gap={6} role="group" aria-label="Show by status">
            {counts.map((status) => (
              <Chip key={status} value={status} size="sm" variant="outline">
                {stateWord(status)}
              </Chip>
            ))}
          </Group>
        </Chip.Group>
      </Group>
      <div className="card table-card">
        <table className="table table-automations">
          <thead>
            <tr>
              <th scope="col">On</th>
              <th scope="col">Automation</th>
              <th scope="col">Status</th>
              <th scope="col">Last run</th>
              <th scope="col" className="number">
                7 days
              </th>
              <th scope="col" className="number">
                Success
              </th>
              <th scope="col" className="number">
                Waiting
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map(({ automation, document }) => (
              <tr key={automation.id}>
                <td>
                  <StatusSwitch automation={automation} onChange={(to) => setChange({ automation, to })} />
                </td>
                <td className="cell-name">
                  <Link to="/automations/$automationId" params={{ automationId: automation.id }}>
                    {automation.name}
                  </Link>
                  <div className="cell-sentence">
                    <PhraseText phrase={automationPhrase(document)} />
                  </div>
                  {automation.loop_guard && (
                    <Link
                      className="loop-note"
                      to="/automations/$automationId/skipped"
                      params={{ automationId: automation.id }}
                      search={{ reason: 'loop_guard' }}
                      title={automation.loop_guard.detail}
                    >
                      {loopGuardWords(automation.loop_guard.count)}. See why
                    </Link>
                  )}
                </td>
                <td data-label="Status">
                  <Group gap={6}>
                    <StateBadge state={automation.status} />
                    {automation.environments.sandbox && <StateBadge state="dry" word="In sandbox" />}
                  </Group>
                </td>
                <td data-label="Last run">
                  <LastRun automation={automation} />
                </td>
                <td className="number" data-label="7 days" data-empty={!automation.runs_7_days || undefined}>
                  <RunCount automation={automation} />
                </td>
                <td
                  className="number"
                  data-label="Success"
                  data-empty={automation.success_rate == null || undefined}
                >
                  {automation.success_rate == null ? '–' : `${Math.floor(automation.success_rate * 100)} %`}
                </td>
                <td
                  className="number"
                  data-label="Waiting"
                  data-empty={!automation.waiting_runs || undefined}
                >
                  {automation.waiting_runs ? (
                    <Link
                      to="/automations/$automationId/runs"
                      params={{ automationId: automation.id }}
                      search={{ status: 'waiting' }}
                    >
                      {automation.waiting_runs}
                    </Link>
                  ) : (
                    '–'
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        {shown.length === 0 && <Empty title="No automation fits these filters" />}
      </div>
      {change && (
        <StatusChange automation={change.automation} to={change.to} onClose={() => setChange(null)} />
      )}
    </>
  )
}

interface SwitchProps {
  automation: Automation
  onChange: (to: AutomationStatus) => void
}

function StatusSwitch({ automation, onChange }: SwitchProps) {
  const isActive = automation.status === 'active'
  const isEmpty = automation.actions.length === 0
  return (
    <Switch
      aria-label={`${automation.name}: active`}
      checked={isActive}
      disabled={automation.status === 'archived' || (isEmpty && !isActive)}
      onChange={() => onChange(isActive ? 'paused' : 'active')}
    />
  )
}

function LastRun({ automation }: { automation: Automation }) {
  const run = automation.last_run
  if (!run) return <span className="soft">Never</span>
  return (
    <Link to="/runs/$runId" params={{ runId: run.id }} className="plain-link">
      <StateBadge state={run.is_waiting ? 'waiting' : run.status} />
      {run.dry_run && <StateBadge state="dry" />} <Moment at={run.started_at} />
    </Link>
  )
}

function RunCount({ automation }: { automation: Automation }) {
  if (!automation.runs_7_days) return <>–</>
  return (
    <Link
      to="/automations/$automationId/runs"
      params={{ automationId: automation.id }}
      search={{ mode: 'live' }}
    >
      {automation.runs_7_days.toLocaleString('en')}
    </Link>
  )
}
