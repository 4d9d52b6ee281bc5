/** Starts of an automation that became no run: why, and those of a pause started now, some or all. */
import { Button, Checkbox, Chip, Group } from '@mantine/core'
import { IconPlayerTrackNext } from '@tabler/icons-react'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import { queries } from '../api/queries'
import type { Automation } from '../api/types'
import { Moment } from '../components/Moment'
import { Empty, Failed, Loading } from '../components/Outcome'
import { exactTime } from '../model/moments'
import { recordName } from '../model/runs'
import { eventPhrase } from '../model/sentences'
import { isStartable, reasonWord, type SkippedStart, whySkipped } from '../model/skips'
import { StartSkipped } from './StartSkipped'
import { type Selection, useSelection } from './useSelection'
import '../pages/tables.css'

interface Props {
  automation: Automation
  reason: string | undefined
  onReason: (reason: string | undefined) => void
}

export function SkippedView({ automation, reason, onReason }: Props) {
  const skipped = useInfiniteQuery(queries.skipped(automation.id, reason))
  const counts = useQuery(queries.skippedCounts(automation.id))
  const rows = useMemo(() => skipped.data?.pages.flatMap((page) => page.items) ?? [], [skipped.data])
  const selection = useSelection(`${automation.id} ${reason ?? ''}`)
  const startable = counts.data?.reduce((sum, count) => sum + count.startable, 0) ?? 0
  return (
    <>
      <Group mb="sm" gap={6} role="group" aria-label="Show by reason">
        {(counts.data ?? []).map((count) => (
          <Chip
            key={count.reason}
            size="sm"
            variant="outline"
            checked={reason === count.reason}
            onChange={() => onReason(reason === count.reason ? undefined : count.reason)}
          >
            {reasonWord(count.reason)} {count.number.toLocaleString('en')}
          </Chip>
        ))}
      </Group>
      <StartSkipped automation={automation} rows={rows} startable={startable} selection={selection} />
      {skipped.isPending && <Loading label="Skipped starts are loading" />}
      {skipped.isError && (
        <Failed what="The skipped starts" error={skipped.error} onRetry={() => void skipped.refetch()} />
      )}
      {skipped.data && rows.length === 0 && (
        <div className="card">
          <Empty
            title={reason ? 'No start was skipped for this reason' : 'Skipped starts will stand here'}
            icon={<IconPlayerTrackNext size={32} aria-hidden />}
          >
            {!reason && (
              <p>
                An event whose conditions hold can still start no run, for instance while the automation is
                paused. It is listed here with the reason, and what a pause skipped can be started later.
              </p>
            )}
          </Empty>
        </div>
      )}
      {rows.length > 0 && <SkippedTable rows={rows} selection={selection} />}
      {skipped.hasNextPage && (
        <Group justify="center" mt="md">
          <Button
            variant="default"
            loading={skipped.isFetchingNextPage}
            onClick={() => void skipped.fetchNextPage()}
          >
            Show older ones
          </Button>
        </Group>
      )}
    </>
  )
}

function SkippedTable({ rows, selection }: { rows: readonly SkippedStart[]; selection: Selection }) {
  const ids = rows.filter(isStartable).map(({ run_id }) => run_id)
  const chosen = ids.filter(selection.has).length
  return (
    <div className="card table-card">
      <table className="table table-skipped">
        <thead>
          <tr>
            <th scope="col">
              <span className="sr-only">Selection</span>
              {ids.length > 0 && (
                <Checkbox
                  size="xs"
                  aria-label="Select all that are shown and can be started"
                  checked={chosen === ids.length}
                  indeterminate={chosen > 0 && chosen < ids.length}
                  onChange={() => selection.toggleMany(ids)}
                />
              )}
            </th>
            <th scope="col">Reason</th>
            <th scope="col">What happened</th>
            <th scope="col">Record</th>
            <th scope="col">Event</th>
            <th scope="col">When</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((start) => (
            <SkippedRow
              key={`${start.run_id} ${start.reason}`}
              start={start}
              isChosen={isStartable(start) && selection.has(start.run_id)}
              onToggle={() => selection.toggle(start.run_id, ids)}
            />
          ))}
        </tbody>
      </table>
    </div>
  )
}

interface RowProps {
  start: SkippedStart
  isChosen: boolean
  onToggle: () => void
}

function SkippedRow({ start, isChosen, onToggle }: RowProps) {
  const record = recordName(start.record)
  const words = start.trigger?.type ? eventPhrase(start.trigger.type) : '–'
  return (
    <tr data-chosen={isChosen || undefined}>
      <td className="cell-choice">
        {isStartable(start) && (
          <Checkbox
            size="xs"
            aria-label={`Select the start for ${record}, ${exactTime(start.at)}`}
            checked={isChosen}
            onChange={onToggle}
          />
        )}
      </td>
      <td className="cell-state">
        <span className="state" data-light="skipped">
          {reasonWord(start.reason)}
        </span>
        {start.dry_run && (
          <span className="state" data-light="dry">
            Dry run
          </span>
        )}
      </td>
      <td className="cell-why">
        {whySkipped(start)}
        {start.started_run_id && (
          <>
            {' '}
            <Link to="/runs/$runId" params={{ runId: start.started_run_id }} search={{}}>
              Started later
            </Link>
          </>
        )}
      </td>
      <td data-label="Record">{record}</td>
      <td data-label="Event">
        <span title={start.trigger?.event_id ?? undefined}>
          {words.charAt(0).toUpperCase() + words.slice(1)}
        </span>
      </td>
      <td data-label="When">
        <Moment at={start.at} />
      </td>
    </tr>
  )
}
