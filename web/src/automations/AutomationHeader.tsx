/** The head of an automation's pages: its name, status and version, what can be done with it, and its tabs. */
import { ActionIcon, Button, Group, Menu, Title } from '@mantine/core'
import { IconArchive, IconArrowBackUp, IconDots, IconSend, IconTrash } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { api } from '../api/client'
import type { Automation, AutomationStatus } from '../api/types'
import { Consequence } from '../components/Consequence'
import { StateBadge } from '../components/StateBadge'
import './automation.css'
import { eventsOf } from '../model/sentences'
import { LoopGuardBanner } from './LoopGuardBanner'
import { StatusChange } from './StatusChange'
import { TestEvent } from './TestEvent'

interface Props {
  automation: Automation
  /** The name as it stands in the draft, if it differs. */
  name?: string
  note?: ReactNode
  children?: ReactNode
}

export function AutomationHeader({ automation, name, note, children }: Props) {
  const [to, setTo] = useState<AutomationStatus | null>(null)
  return (
    <header className="automation-head">
      <div className="automation-title">
        <Title order={1} size="h1">
          {name ?? automation.name}
        </Title>
        <Group gap={8} className="automation-state">
          <StateBadge state={automation.status} />
          {automation.environment === 'sandbox' && <StateBadge state="dry" word="Only in the sandbox" />}
          <span className="soft">{note ?? versionWords(automation)}</span>
        </Group>
      </div>
      <Group gap={8} className="automation-actions">
        {children}
        {automation.status === 'active' && (
          <Button variant="default" onClick={() => setTo('paused')}>
            Pause
          </Button>
        )}
        {automation.status === 'paused' && !children && (
          <Button onClick={() => setTo('active')}>Set active</Button>
        )}
        <MoreMenu automation={automation} onStatus={setTo} />
      </Group>
      <LoopGuardBanner automation={automation} />
      <nav className="tabs" aria-label="Of this automation">
        <Link
          to="/automations/$automationId"
          params={{ automationId: automation.id }}
          activeOptions={{ exact: true }}
          className="tab"
        >
          Build
        </Link>
        <Link to="/automations/$automationId/runs" params={{ automationId: automation.id }} className="tab">
          Runs
        </Link>
        <Link
          to="/automations/$automationId/skipped"
          params={{ automationId: automation.id }}
          className="tab"
        >
          Skipped
        </Link>
        <Link
          to="/automations/$automationId/versions"
          params={{ automationId: automation.id }}
          className="tab"
        >
          Versions
        </Link>
      </nav>
      <StatusChange automation={automation} to={to} onClose={() => setTo(null)} />
    </header>
  )
}

export function versionWords(automation: Automation): string {
  const { live, sandbox } = automation.environments
  const words = []
  if (live) words.push(`v${live.version}${automation.status === 'active' ? ' live' : ''}`)
  if (sandbox) words.push(`v${sandbox.version} in the sandbox`)
  return words.join(' · ')
}

function MoreMenu({
  automation,
  onStatus,
}: {
  automation: Automation
  onStatus: (to: AutomationStatus) => void
}) {
  const [isDeleting, setDeleting] = useState(false)
  const [isTesting, setTesting] = useState(false)
  return (
    <>
      <Menu>
        <Menu.Target>
          <ActionIcon variant="default" size={36} aria-label="More">
            <IconDots size={18} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconSend size={16} />} onClick={() => setTesting(true)}>
            Publish a test event
          </Menu.Item>
          {automation.status === 'archived' ? (
            <Menu.Item leftSection={<IconArrowBackUp size={16} />} onClick={() => onStatus('draft')}>
              Bring back as draft
            </Menu.Item>
          ) : (
            <Menu.Item leftSection={<IconArchive size={16} />} onClick={() => onStatus('archived')}>
              Archive
            </Menu.Item>
          )}
          <Menu.Item
            leftSection={<IconTrash size={16} />}
            c="var(--failed)"
            onClick={() => setDeleting(true)}
          >
            Delete
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <DeleteDialog automation={automation} opened={isDeleting} onClose={() => setDeleting(false)} />
      <TestEvent
        opened={isTesting}
        onClose={() => setTesting(false)}
        event={eventsOf(automation.trigger).find((event) => !event.endsWith('*'))}
      />
    </>
  )
}

interface DeleteProps {
  automation: Automation
  opened: boolean
  onClose: () => void
}

function DeleteDialog({ automation, opened, onClose }: DeleteProps) {
  const navigate = useNavigate()
  const client = useQueryClient()
  const remove = useMutation({
    mutationFn: () => api.deleteAutomation(automation.id),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['automations'] })
      void navigate({ to: '/automations' })
    },
  })
  return (
    <Consequence
      opened={opened}
      title={`Delete “${automation.name}”`}
      consequences={[
        'It starts no more runs, and it cannot be brought back.',
        'Runs under way go on to their end. The history of its runs stays.',
      ]}
      action="Delete"
      isDangerous
      isPending={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    />
  )
}
