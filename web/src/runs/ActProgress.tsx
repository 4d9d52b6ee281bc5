/** How far an act on many runs is: true counts, and what failed with its reason. It stands in the address, so a reload keeps it. */
import { Button, Group, Progress, Text } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect } from 'react'
import { ApiError } from '../api/client'
import { queries } from '../api/queries'
import { Failed } from '../components/Outcome'
import { actWords, type MassAct } from '../model/acts'

interface Props {
  id: string
  onDismiss: () => void
}

export function ActProgress({ id, onDismiss }: Props) {
  const act = useQuery(queries.act(id))
  const client = useQueryClient()
  const hasEnded = act.data?.status === 'ended'
  useEffect(() => {
    if (hasEnded) void client.invalidateQueries({ queryKey: ['runs'] })
  }, [hasEnded, client])
  if (act.isError && act.error instanceof ApiError && act.error.status === 404) return null
  return (
    <section className="card act" aria-label="Progress">
      {act.isError && <Failed what="The progress" error={act.error} onRetry={() => void act.refetch()} />}
      {act.data && <Shown act={act.data} onDismiss={onDismiss} />}
    </section>
  )
}

function Shown({ act, onDismiss }: { act: MassAct; onDismiss: () => void }) {
  const share = (count: number) => (act.total === 0 ? 0 : (count / act.total) * 100)
  const hidden = act.failed - act.errors.length
  return (
    <>
      <Group justify="space-between" gap="sm" wrap="nowrap">
        <Text fw={600} size="sm" role="status">
          {actWords(act)}
        </Text>
        <Button size="xs" variant="default" onClick={onDismiss}>
          {act.status === 'ended' ? 'Close' : 'Hide'}
        </Button>
      </Group>
      {act.total > 0 && (
        <Progress.Root size="lg" mt={8}>
          <Progress.Section
            value={share(act.done)}
            color="var(--completed)"
            aria-label={`${act.done} of ${act.total} done`}
          />
          <Progress.Section
            value={share(act.failed)}
            color="var(--failed)"
            aria-label={`${act.failed} of ${act.total} failed`}
          />
        </Progress.Root>
      )}
      {act.errors.length > 0 && (
        <ul className="act-errors" aria-label="What failed">
          {act.errors.map(({ run_id, detail }) => (
            <li key={run_id}>
              <Link to="/runs/$runId" params={{ runId: run_id }} search={{}}>
                Run {run_id.slice(0, 8)}
              </Link>
              : {detail}
            </li>
          ))}
          {hidden > 0 && <li>and {hidden.toLocaleString('en')} more</li>}
        </ul>
      )}
    </>
  )
}
