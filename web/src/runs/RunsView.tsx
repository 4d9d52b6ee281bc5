/** The table of runs, of all automations or of one, with its filters in the address. */
import { Button, Checkbox, Chip, Group, SegmentedControl } from '@mantine/core'
import { IconArrowsLeftRight, IconX } from '@tabler/icons-react'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import { useConnection } from '../api/live'
import { queries } from '../api/queries'
import { Moment, useNow } from '../components/Moment'
import { Empty, Failed, Loading } from '../components/Outcome'
import { PhraseText } from '../components/PhraseText'
import { StateBadge, stateWord } from '../components/StateBadge'
import { countStatuses } from '../model/acts'
import { durationWords, exactTime } from '../model/moments'
import { lightOf, type Run, recordKey, recordName, runPhrase } from '../model/runs'
import { eventPhrase } from '../model/sentences'
import type { RunSearch } from '../router'
import { ActProgress } from './ActProgress'
import { SelectionBar } from './SelectionBar'
import { type Selection, useSelection } from './useSelection'
import '../pages/tables.css'

const STATUSES = ['running', 'waiting', 'completed', 'failed', 'cancelled'] as const

interface Props {
  automation?: string
  search: RunSearch
  onSearch: (search: RunSearch) => void
}

export function RunsView({ automation, search, onSearch }: Props) {
  const filter = filterOf(search)
  const runs = useInfiniteQuery(queries.runs({ automation, ...filter }))
  const connection = useConnection()
  const rows = useMemo(() => runs.data?.pages.flatMap((page) => page.items) ?? [], [runs.data])
  const isFiltered = Boolean(search.status || search.mode || search.record)
  const selection = useSelection(JSON.stringify([automation, filter]))
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
        {search.record && (
          <Button
            size="xs"
            variant="default"
            rightSection={<IconX size={14} aria-hidden />}
            aria-label={`Record ${search.record}: show all records again`}
            title={search.record}
            maw={320}
            onClick={() => onSearch({ ...search, record: undefined } as RunSearch)}
          >
            Record {search.record}
          </Button>
        )}
        <span className="soft" style={{ fontSize: 13, marginLeft: 'auto' }}>
          {connection === 'live' ? 'Updates by itself' : ''}
        </span>
      </Group>
      {search.act && (
        <ActProgress id={search.act} onDismiss={() => onSearch({ ...search, act: undefined } as RunSearch)} />
      )}
      {selection.isAny && (
        <Selected
          automation={automation}
          filter={filter}
          rows={rows}
          hasMore={runs.hasNextPage}
          selection={selection}
          onBegun={(act) => {
            selection.clear()
            onSearch({ ...search, act })
          }}
        />
      )}
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
      {rows.length > 0 && <RunTable runs={rows} isOfOne={automation !== undefined} selection={selection} />}
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

/** The filters of the address as the API takes them. */
const filterOf = (search: RunSearch) => ({
  ...(search.status === 'waiting' ? { waiting: true } : search.status ? { status: search.status } : {}),
  ...(search.mode ? { mode: search.mode === 'dry' ? ('dry_run' as const) : ('live' as const) } : {}),
  ...(search.record ? { record: search.record } : {}),
})

interface SelectedProps {
  automation: string | undefined
  filter: ReturnType<typeof filterOf>
  rows: readonly Run[]
  hasMore: boolean
  selection: Selection
  onBegun: (act: string) => void
}

function Selected({ automation, filter, rows, hasMore, selection, onBegun }: SelectedProps) {
  const chosen = rows.filter(({ id }) => selection.has(id))
  const isAllShown = chosen.length === rows.length
  const matching = useQuery({
    ...queries.runCounts({ automation, ...filter }),
    enabled: selection.isAll || (isAllShown && hasMore),
  })
  const counts = selection.isAll
    ? (matching.data?.by_status ?? {})
    : countStatuses(chosen.map(({ status }) => status))
  return (
    <SelectionBar
      chosen={selection.isAll ? null : chosen}
      counts={counts}
      filter={{ ...filter, ...(automation ? { automation_id: automation } : {}) }}
      offered={isAllShown && hasMore ? (matching.data?.total ?? null) : null}
      shown={isAllShown ? null : rows.length}
      onChooseShown={() => selection.toggleMany(rows.map(({ id }) => id))}
      onChooseAll={selection.chooseAll}
      onClear={selection.clear}
      onBegun={onBegun}
    />
  )
}

interface TableProps {
  runs: Run[]
  isOfOne: boolean
  selection: Selection
}

function RunTable({ runs, isOfOne, selection }: TableProps) {
  const automations = useQuery({ ...queries.automations(), enabled: !isOfOne })
  const names = new Map((automations.data ?? []).map(({ id, name }) => [id, name]))
  const shown = runs.map(({ id }) => id)
  const chosen = shown.filter(selection.has).length
  const longest = Math.max(...runs.map((run) => run.duration ?? 0), 0.001)
  return (
    <div className="card table-card">
      <table className="table table-runs">
        <thead>
          <tr>
            <th scope="col">
              <span className="sr-only">Selection</span>
              <Checkbox
                size="xs"
                aria-label="Select all runs that are shown"
                checked={chosen === runs.length}
                indeterminate={chosen > 0 && chosen < runs.length}
                onChange={() => selection.toggleMany(shown)}
              />
            </th>
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
              isOfOne={isOfOne}
              isChosen={selection.has(run.id)}
              onToggle={(id) => selection.toggle(id, shown)}
              name={isOfOne ? null : (names.get(run.automation_id) ?? 'A deleted automation')}
            />
          ))}
        </tbody>
      </table>
    </div>
  )
}

interface RowProps {
  run: Run
  longest: number
  isOfOne: boolean
  isChosen: boolean
  onToggle: (id: string) => void
  name: string | null
}

function RunRow({ run, longest, isOfOne, isChosen, onToggle, name }: RowProps) {
  const now = useNow()
  const phrase = <PhraseText phrase={runPhrase(run, now)} />
  const record = recordName(run.record)
  return (
    <tr data-chosen={isChosen || undefined}>
      <td className="cell-choice">
        <Checkbox
          size="xs"
          aria-label={`Select the run for ${record}, ${exactTime(run.started_at)}`}
          checked={isChosen}
          onChange={() => onToggle(run.id)}
        />
      </td>
      <td className="cell-state">
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
      <td data-label="Record">
        {run.record ? (
          <Link
            {...(isOfOne
              ? { to: '/automations/$automationId/runs', params: { automationId: run.automation_id } }
              : { to: '/runs' })}
            search={{ record: recordKey(run.record) }}
            className="quiet-link"
            title={`Runs for ${record}`}
          >
            {record}
          </Link>
        ) : (
          record
        )}
      </td>
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
