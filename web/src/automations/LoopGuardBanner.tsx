/** What the loop guard refused of an automation: what happened, by which chain, what to do, and a way to clear it. */
import { Alert, Button, Group } from '@mantine/core'
import { IconRepeat } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Fragment } from 'react'
import { api, failureWords } from '../api/client'
import type { Automation } from '../api/types'
import { Moment } from '../components/Moment'
import { asSentence, loopGuardWords } from '../model/skips'

export function LoopGuardBanner({ automation }: { automation: Automation }) {
  const client = useQueryClient()
  const dismiss = useMutation({
    mutationFn: () => api.dismissLoopGuard(automation.id),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['automation', automation.id] })
      await client.invalidateQueries({ queryKey: ['automations'] })
    },
  })
  const guard = automation.loop_guard
  if (!guard) return null
  return (
    <Alert
      className="loop-guard"
      color="red"
      variant="default"
      icon={<IconRepeat aria-hidden />}
      title={loopGuardWords(guard.count)}
      role="region"
      aria-label="Loop guard"
    >
      <p>
        {asSentence(guard.detail)} The last time was <Moment at={guard.last_at} />.
      </p>
      {guard.chain.length > 0 && (
        <p>
          The runs that led to it:{' '}
          {guard.chain.map(({ run_id, name }, place) => (
            <Fragment key={run_id}>
              {place > 0 && ' → '}
              <Link to="/runs/$runId" params={{ runId: run_id }} search={{}}>
                {name ?? 'a deleted automation'}
              </Link>
            </Fragment>
          ))}
        </p>
      )}
      <p>
        An automation that changes what it listens to starts itself again. Add a condition that stops holding
        once the actions are done, or let the actions write only what is not yet so; then publish.
      </p>
      {dismiss.isError && <p role="alert">{failureWords(dismiss.error)}</p>}
      <Group gap={8} mt={8}>
        <Button
          size="xs"
          variant="default"
          component={Link}
          to={`/automations/${automation.id}/skipped?reason=loop_guard`}
        >
          See the refused starts
        </Button>
        <Button size="xs" variant="default" loading={dismiss.isPending} onClick={() => dismiss.mutate()}>
          Dismiss
        </Button>
      </Group>
    </Alert>
  )
}
