import { Button, Group, Switch, Title } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { IconFlask } from '@tabler/icons-react'
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { api } from '../api/client'
import { queries } from '../api/queries'
import type { Automation } from '../api/types'
import { Consequence } from '../components/Consequence'
import { Moment, useNow } from '../components/Moment'
import { Empty, Failed, Loading } from '../components/Outcome'
import { PhraseText } from '../components/PhraseText'
import { StateBadge } from '../components/StateBadge'
import { SandboxSwitchDialog } from '../frame/SandboxSwitchDialog'
import { differencesOf } from '../model/differences'
import { openDocument } from '../model/document'
import { lightOf, recordName, runPhrase } from '../model/runs'
import { automationPhrase } from '../model/sentences'
import './sandbox.css'

export function SandboxPage() {
  const sandbox = useQuery(queries.sandbox())
  const [isSwitching, setSwitching] = useState(false)
  const isActive = sandbox.data?.active ?? false
  return (
    <div className="page">
      <div className="page-head">
        <div>
          <Title order={1}>Sandbox</Title>
          <p className="page-lead">
            Try changes on live events without consequences: sandbox automations decide for real, but nothing
            is sent and nothing is changed. Promote what proved right.
          </p>
        </div>
        {sandbox.data && (
          <Switch
            size="md"
            label={isActive ? 'Active' : 'Not active'}
            aria-label="Sandbox active"
            checked={isActive}
            onChange={() => setSwitching(true)}
          />
        )}
      </div>
      {sandbox.isPending && <Loading label="The sandbox is loading" />}
      {sandbox.isError && (
        <Failed what="The sandbox" error={sandbox.error} onRetry={() => void sandbox.refetch()} />
      )}
      {sandbox.data && <Documents automations={sandbox.data.automations} isActive={isActive} />}
      <SandboxSwitchDialog opened={isSwitching} active={!isActive} onClose={() => setSwitching(false)} />
    </div>
  )
}

function Documents({ automations, isActive }: { automations: Automation[]; isActive: boolean }) {
  if (automations.length === 0) {
    return (
      <div className="card">
        <Empty title="Changed automations will stand here" icon={<IconFlask size={32} aria-hidden />}>
          <p>
            {isActive
              ? 'Open an automation, change it, and publish it: while the sandbox is active it goes here, not live.'
              : 'Switch the sandbox on, then change an automation and publish it: it goes here, not live.'}
          </p>
          <Button component={Link} to="/automations" variant="default">
            Go to the automations
          </Button>
        </Empty>
      </div>
    )
  }
  return (
    <div className="sandbox-list">
      {automations.map((automation) => (
        <SandboxEntry key={automation.id} automation={automation} />
      ))}
    </div>
  )
}

/** `automation` is shown as its sandbox document says. */
function SandboxEntry({ automation }: { automation: Automation }) {
  const [asking, setAsking] = useState<'promote' | 'discard' | null>(null)
  const isLive = automation.environments.live !== null
  return (
    <article className="card sandbox-entry" aria-label={automation.name}>
      <div className="sandbox-head">
        <h2>
          <Link to="/automations/$automationId" params={{ automationId: automation.id }}>
            {automation.name}
          </Link>
        </h2>
        <StateBadge state="dry" word={`v${automation.version} in the sandbox`} />
        {automation.status !== 'active' && <StateBadge state={automation.status} />}
        <Group gap={8} ml="auto">
          {isLive && (
            <Button variant="default" size="xs" onClick={() => setAsking('discard')}>
              Discard
            </Button>
          )}
          <Button size="xs" onClick={() => setAsking('promote')}>
            Promote
          </Button>
        </Group>
      </div>
      <Differences automation={automation} />
      <DryRuns automation={automation} />
      <Ask automation={automation} asking={asking} onClose={() => setAsking(null)} />
    </article>
  )
}

function Differences({ automation }: { automation: Automation }) {
  const version = automation.environments.live?.version
  const live = useQuery({ ...queries.version(automation.id, version ?? 0), enabled: version !== undefined })
  const document = openDocument(automation)
  if (version === undefined) {
    return (
      <p className="sandbox-sentence">
        Not live yet. <PhraseText phrase={automationPhrase(document)} />
      </p>
    )
  }
  if (!live.data) return null
  const differences = differencesOf(openDocument(live.data), document)
  if (differences.length === 0)
    return <p className="sandbox-sentence">It says the same as the live version.</p>
  return (
    <ul className="sandbox-differences" aria-label="Changes against the live version">
      {differences.map((difference, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the sentences have no other identity
        <li key={index}>
          <PhraseText phrase={difference} />
        </li>
      ))}
    </ul>
  )
}

const SHOWN = 5

function DryRuns({ automation }: { automation: Automation }) {
  const now = useNow()
  const runs = useInfiniteQuery(queries.runs({ automation: automation.id, mode: 'dry_run' }))
  const page = runs.data?.pages[0]
  if (!page) return null
  if (page.items.length === 0) return <p className="soft">No dry run yet: no event has matched it.</p>
  const count = page.next_cursor ? `More than ${page.items.length}` : String(page.items.length)
  return (
    <>
      <h3>
        <Link
          to="/automations/$automationId/runs"
          params={{ automationId: automation.id }}
          search={{ mode: 'dry' }}
        >
          {count} dry {page.items.length === 1 ? 'run' : 'runs'}
        </Link>
      </h3>
      <ul className="sandbox-runs" aria-label="Latest dry runs">
        {page.items.slice(0, SHOWN).map((run) => (
          <li key={run.id}>
            <StateBadge state={lightOf(run)} />
            <Link to="/runs/$runId" params={{ runId: run.id }}>
              <PhraseText phrase={runPhrase(run, now)} />
            </Link>
            <span className="soft">
              {recordName(run.record)} · <Moment at={run.started_at} />
            </span>
          </li>
        ))}
      </ul>
    </>
  )
}

interface AskProps {
  automation: Automation
  asking: 'promote' | 'discard' | null
  onClose: () => void
}

function Ask({ automation, asking, onClose }: AskProps) {
  const client = useQueryClient()
  const change = useMutation({
    mutationFn: async (what: 'promote' | 'discard') => {
      if (what === 'promote') await api.promote(automation.id)
      else await api.discardSandbox(automation.id)
    },
    onSuccess: (_, what) => {
      for (const key of ['automations', 'automation', 'sandbox', 'versions']) {
        void client.invalidateQueries({ queryKey: [key] })
      }
      notifications.show({
        color: 'green',
        message: what === 'promote' ? 'Promoted. It is live.' : 'Discarded.',
      })
      onClose()
    },
  })
  const isPromoting = asking !== 'discard'
  const isLive = automation.environments.live !== null
  return (
    <Consequence
      opened={asking !== null}
      title={
        isPromoting ? `Promote “${automation.name}”` : `Discard the sandbox version of “${automation.name}”`
      }
      consequences={
        isPromoting
          ? [
              isLive
                ? 'The sandbox version becomes the live one, for every event published from now on.'
                : 'It goes live with the status it has in the sandbox.',
              'From then on its actions are performed for real.',
              'Runs under way keep the version they began with. The earlier version stays under Versions.',
            ]
          : [
              'The changes against the live version are given up; they stay readable under Versions.',
              'The live version runs on as before. The history of the dry runs stays.',
            ]
      }
      action={isPromoting ? 'Promote' : 'Discard'}
      isDangerous={!isPromoting}
      isPending={change.isPending}
      error={change.error}
      onConfirm={() => asking && change.mutate(asking)}
      onClose={onClose}
    />
  )
}
