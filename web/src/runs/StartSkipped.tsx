/** Starting what a pause skipped: the selected ones or all, with a true count before, the progress, and the result. */
import { Alert, Button, Group, Progress, Text } from '@mantine/core'
import { IconPlayerPlay } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, failureWords } from '../api/client'
import type { Automation } from '../api/types'
import { Consequence } from '../components/Consequence'
import { runCount } from '../model/acts'
import { isStartable, type SkippedStart, startCount } from '../model/skips'
import type { Selection } from './useSelection'

/** Starts of one request, so that the progress can be seen. */
const AT_A_TIME = 200

interface Props {
  automation: Automation
  rows: readonly SkippedStart[]
  /** How many can be started in all. */
  startable: number
  selection: Selection
}

interface Going {
  started: number
  of: number
}

export function StartSkipped({ automation, rows, startable, selection }: Props) {
  const [isAsked, setAsked] = useState(false)
  const [going, setGoing] = useState<Going | null>(null)
  const client = useQueryClient()
  const chosen = rows.filter((start) => isStartable(start) && selection.ids.has(start.run_id))
  const number = chosen.length > 0 ? chosen.length : startable
  const begin = useMutation({
    mutationFn: async () => {
      const ids = chosen.map(({ run_id }) => run_id)
      let started = 0
      setGoing({ started, of: number })
      setAsked(false)
      selection.clear()
      while (ids.length > 0 || chosen.length === 0) {
        const wanted =
          chosen.length > 0 ? { ids: ids.splice(0, AT_A_TIME) } : { ids: 'all' as const, most: AT_A_TIME }
        const answer = await api.startSkipped(automation.id, wanted)
        started += answer.started
        setGoing({ started, of: Math.max(number, started) })
        if (chosen.length === 0 && (answer.left === 0 || answer.started === 0)) break
      }
      return started
    },
    onSettled: () => client.invalidateQueries({ queryKey: ['runs'] }),
  })
  const isActive = automation.status === 'active'
  return (
    <>
      {going && (
        <Result
          going={going}
          isPending={begin.isPending}
          error={begin.error}
          onClose={() => {
            setGoing(null)
            begin.reset()
          }}
        />
      )}
      {startable > 0 && !begin.isPending && (
        <section className="card selection" aria-label="Start what was skipped">
          <span role="status">
            {chosen.length > 0
              ? `${startCount(chosen.length)} selected`
              : `${startCount(startable)} skipped by a pause can be started`}
            {!isActive && '. Set the automation active first.'}
          </span>
          <Group gap={8} ml="auto">
            {chosen.length > 0 && (
              <Button size="xs" variant="subtle" onClick={selection.clear}>
                Clear
              </Button>
            )}
            <Button
              size="xs"
              disabled={!isActive}
              leftSection={<IconPlayerPlay size={14} />}
              onClick={() => setAsked(true)}
            >
              {chosen.length > 0
                ? `Start ${chosen.length.toLocaleString('en')} now`
                : `Start all ${startable.toLocaleString('en')} now`}
            </Button>
          </Group>
        </section>
      )}
      <Consequence
        opened={isAsked}
        title={`Start ${runCount(number)} now`}
        consequences={[
          number === 1
            ? 'One run begins, with the event of that time, of the version that is live now.'
            : `${number.toLocaleString('en')} runs begin in the order of their events, of the version that is live now.`,
          'Their actions take place: mails, updates, calls.',
          'Each start is started once, however often this is asked for.',
        ]}
        action={`Start ${runCount(number)}`}
        onConfirm={() => begin.mutate()}
        onClose={() => setAsked(false)}
      />
    </>
  )
}

interface ResultProps {
  going: Going
  isPending: boolean
  error: unknown
  onClose: () => void
}

function Result({ going, isPending, error, onClose }: ResultProps) {
  const { started, of } = going
  return (
    <section className="card act" aria-label="Progress">
      <Group justify="space-between" gap="sm" wrap="nowrap">
        <Text fw={600} size="sm" role="status">
          {isPending
            ? `Starting ${runCount(of)}: ${started.toLocaleString('en')} started`
            : `${runCount(started)} started${started < of && error === null ? '; the others had been started before' : ''}`}
        </Text>
        {!isPending && (
          <Button size="xs" variant="default" onClick={onClose}>
            Close
          </Button>
        )}
      </Group>
      <Progress
        size="lg"
        mt={8}
        color="var(--completed)"
        aria-label="Started so far"
        value={of === 0 ? 100 : (started / of) * 100}
      />
      {error !== null && (
        <Alert role="alert" color="red" variant="default" mt={8}>
          {failureWords(error)}
        </Alert>
      )}
    </section>
  )
}
