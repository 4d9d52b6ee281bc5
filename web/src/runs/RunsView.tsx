/** The table of runs, of all automations or of one, with its filters in the address. */
import { Button, Chip, Group, SegmentedControl } from '@mantine/core'
import { IconArrowsLeftRight } from '@tabler/icons-react'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import { useConnection } from '../api/live'
import { queries } from '../api/queries'
import { Moment, useNow } from '../components/Moment'
import { Empty, Failed, Loading } from '../components/Outcome'
import { PhraseText } from '../components/PhraseText'
import { StateBadge, stateWord } from '../components/StateBadge'
import { durationWords, exactTime } from '../model/moments'
import { lightOf, type Run, recordName, runPhrase } from '../model/runs'
import { eventPhrase } from '../model/sentences'
import type { RunSearch } from '../router'
import '../pages/tables.css'

const STATUSES = ['running', 'waiting', 'completed', 'failed', 'cancelled'] as const

interface Props {
  automation?: string
  search: RunSearch
  onSearch: (search: RunSearch) => void
}

export function RunsView({ automation, search, onSearch }: Props) {
  const runs = useInfiniteQuery(
    queries.runs({
      automation,
      ...(search.status === 'waiting' ? { waiting: true } : { status: search.status }),
      ...(search.mode ? { mode: search.mode === 'dry' ? ('dry_run' as const) : ('live' as const) } : {}),
    }),
  )
  const connection = useConnection()
  const rows = useMemo(() => runs.data?.pages.flatMap((page) => page.items) ?? [], [runs.data])
  const isFiltered = Boolean(search.status || search.mode)
  return (
    <>
      <Group mb="sm" gap="sm">
        <Chip.Group multiple={false} value={search.status ?? ''} onChange={() => undefined}>
          <Group gap={6} role="group" aria-label="Show by state">
            {STATUSES.map((status) => (
              <Chip
                key={status}
                value={status}
                type="checkbox"
                size="sm"
                variant="outline"
                checked={search.status === status}
                onChange={() =>
                  onSearch({ ...search, status: search.status === status ? undefined : status } as RunSearch)
                }
              >
                {stateWord(status)}
              </Chip>
            ))}
          </Group>
        </Chip.Group>
        <SegmentedControl
          size="xs"
          aria-label="Live or dry runs"
          value={search.mode ?? 'all'}
          onChange={(mode) => onSearch({ ...search, mode: mode === 'all' ? undefined : mode } as RunSearch)}
          data={[
            { value: 'all', label: 'All' },
            { value: 'live', label: 'Live' },
            { value: 'dry', label: 'Dry runs' },
          ]}
        />
        <span className="soft" style={{ fontSize: 13, marginLeft: 'auto' }}>
          {connection === 'live' ? 'Updates by itself' : ''}
        </span>
      </Group>
      {runs.isPending && <Loading label="Runs are loading" />}
      {runs.isError && <Failed what="The runs" error={runs.error} onRetry={() => void runs.refetch()} />}
      {runs.data && rows.length === 0 && (
        <div className="card">
          <Empty
            title={isFiltered ? 'No run fits these filters' : 'Runs will stand here'}
            icon={<IconArrowsLeftRight size={32} aria-hidden />}
          >
            {!isFiltered && (
              <p>Each time an event starts an automation, one run appears, with everything it did.</p>
            )}
          </Empty>
        </div>
      )}
      {rows.length > 0 && <RunTable runs={rows} isOfOne={automation !== undefined} />}
      {runs.hasNextPage && (
        <Group justify="center" mt="md">
          <Button
            variant="default"
            loading={runs.isFetchingNextPage}
            onClick={() => void runs.fetchNextPage()}
          >
            Show older runs
          </Button>
        </Group>
      )}
    </>
  )
}

function RunTable({ runs, isOfOne }: { runs: Run[]; isOfOne: boolean }) {
  const automations = useQuery({ ...queries.automations(), enabled: !isOfOne })
  const names = new Map((automations.data ?? []).map(({ id, name }) => [id, name]))
  const longest = Math.max(...runs.map((run) => run.duration ?? 0), 0.001)
  return (
    <div className="card table-card">
      <table className="table table-runs">
        <thead>
          <tr>
            <th scope="col">State</th>
            <th scope="col">{isOfOne ? 'What happened' : 'Automation'}</th>
            <th scope="col">Record</th>
            <th scope="col">Cause</th>
            <th scope="col">Started</th>
            <th scope="col">Duration</th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <RunRow
              key={run.id}
              run={run}
              longest={longest}
              name={isOfOne ? null : (names.get(run.automation_id) ?? 'A deleted automation')}
            />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function RunRow({ run, longest, name }: { run: Run; longest: number; name: string | null }) {
  const now = useNow()
  const phrase = <PhraseText phrase={runPhrase(run, now)} />
  return (
    <tr>
      <td>
        <Group gap={6} wrap="nowrap">
          <StateBadge state={lightOf(run)} />
          {run.dry_run && <StateBadge state="dry" />}
        </Group>
      </td>
      <td className="cell-name">
        <Link to="/runs/$runId" params={{ runId: run.id }}>
          {name ?? phrase}
        </Link>
        {name !== null && <div className="cell-sentence">{phrase}</div>}
      </td>
      <td data-label="Record">{recordName(run.record)}</td>
      <td data-label="Cause">
        {run.trigger.type ? <span title={run.trigger.type}>{capitalCause(run)}</span> : '–'}
      </td>
      <td data-label="Started">
        <Moment at={run.started_at} />
      </td>
      <td data-label="Duration" title={`From ${exactTime(run.started_at)}`}>
        <Duration run={run} longest={longest} />
      </td>
    </tr>
  )
}

const capitalCause = (run: Run): string => {
  const words = eventPhrase(run.trigger.type ?? '')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

function Duration({ run, longest }: { run: Run; longest: number }) {
  if (run.duration == null) return <>–</>
  const width = Math.max(2, Math.min(100, (run.duration / longest) * 100))
  return (
    <div style={{ width: '100%' }}>
      <span style={{ whiteSpace: 'nowrap' }}>{durationWords(run.duration)}</span>
      <span className="span" data-light={lightOf(run)} aria-hidden>
        <i style={{ width: `${width}%` }} />
      </span>
    </div>
  )
}
