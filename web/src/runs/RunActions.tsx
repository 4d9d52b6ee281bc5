/** What people do to a run: cancel it, or run it again, each after a short dialog about what follows. */
import { Button, Textarea } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { IconPlayerStop, IconRefresh } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { api } from '../api/client'
import { Consequence } from '../components/Consequence'
import { isObject, type JsonObject } from '../model/document'
import { type Run, recordName, type Step, stepName } from '../model/runs'

export function RunActions({ run }: { run: Run }) {
  const isUnderWay = run.status === 'running'
  const task = run.waiting?.task_id
  if (!isUnderWay && run.mode === 'test') return null
  return (
    <div className="run-actions">
      {task && (
        <Button component={Link} to={`/tasks/${task}`}>
          Open the task
        </Button>
      )}
      {isUnderWay ? <CancelRun run={run} /> : run.mode !== 'test' && <Rerun run={run} />}
    </div>
  )
}

/** Running it again from a step that was reached and stands in no loop. */
export function RerunFromHere({ run, step }: { run: Run; step: Step }) {
  const isReached = step.path === step.id && step.status !== 'pending' && step.reason !== 'path_not_taken'
  if (run.status === 'running' || run.mode === 'test' || !isReached) return null
  return <Rerun run={run} step={step} />
}

function CancelRun({ run }: { run: Run }) {
  const [isAsked, setAsked] = useState(false)
  const client = useQueryClient()
  const cancel = useMutation({
    mutationFn: () => api.cancelRun(run.id),
    onSuccess: async (answer) => {
      setAsked(false)
      await client.invalidateQueries({ queryKey: ['run', run.id] })
      notifications.show({
        message:
          answer.status === 'cancelled' ? 'Cancelled.' : 'Ending: a step that is under way is waited for.',
      })
    },
  })
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconPlayerStop size={16} />}
        onClick={() => {
          cancel.reset()
          setAsked(true)
        }}
      >
        Cancel the run
      </Button>
      <Consequence
        opened={isAsked}
        title="Cancel the run"
        consequences={[
          `No further step begins for ${recordName(run.record)}.`,
          'What was sent stays sent. A step that is under way is waited for, and what it came to is recorded.',
          'Open tasks and waits of this run are withdrawn.',
          'It can be run again afterwards, also from a step.',
        ]}
        action="Cancel the run"
        dismiss="Let it run"
        isDangerous
        isPending={cancel.isPending}
        error={cancel.error}
        onConfirm={() => cancel.mutate()}
        onClose={() => setAsked(false)}
      />
    </>
  )
}

function Rerun({ run, step }: { run: Run; step?: Step }) {
  const [isAsked, setAsked] = useState(false)
  const navigate = useNavigate()
  const standing = isObject(run.event?.record) ? JSON.stringify(run.event.record, null, 2) : null
  const [typed, setTyped] = useState(standing)
  const [wrong, setWrong] = useState<string | null>(null)
  const rerun = useMutation({
    mutationFn: (record: JsonObject | undefined) => api.rerun(run.id, { fromStep: step?.id, record }),
    onSuccess: (answer) => {
      setAsked(false)
      void navigate({ to: '/runs/$runId', params: { runId: answer.id }, search: {} })
    },
  })
  const confirm = () => {
    if (typed === standing || typed === null) return rerun.mutate(undefined)
    const record = readObject(typed)
    setWrong(typeof record === 'string' ? record : null)
    if (typeof record !== 'string') rerun.mutate(record)
  }
  const title = step ? 'Rerun from here' : 'Rerun'
  return (
    <>
      <Button
        variant="default"
        size={step ? 'xs' : 'sm'}
        leftSection={<IconRefresh size={step ? 14 : 16} />}
        onClick={() => {
          rerun.reset()
          setTyped(standing)
          setWrong(null)
          setAsked(true)
        }}
      >
        {title}
      </Button>
      <Consequence
        opened={isAsked}
        title={title}
        consequences={[
          step
            ? `A new run begins at ${stepName(step)}, with what the steps before it left. They are not performed again.`
            : `A new run begins with ${typed === standing ? 'the same event' : 'the record as you changed it'}. All its steps are performed again.`,
          run.dry_run
            ? 'It is a dry run, as this one: nothing is sent and nothing is changed.'
            : `What ${step ? 'it and the steps after it do' : 'the steps do'} takes place again for ${recordName(run.record)}.`,
          'This run stays as it is.',
        ]}
        action={title}
        isPending={rerun.isPending}
        error={rerun.error}
        onConfirm={confirm}
        onClose={() => setAsked(false)}
      >
        {typed !== null && (
          <details className="rerun-edit">
            <summary>Change the record first</summary>
            <Textarea
              mt={8}
              autosize
              minRows={4}
              maxRows={14}
              label="Record of the event, as JSON"
              description="For the new run alone; the CRM’s own record is not changed."
              classNames={{ input: 'rerun-json' }}
              spellCheck={false}
              value={typed}
              error={wrong}
              onChange={(event) => {
                setTyped(event.currentTarget.value)
                setWrong(null)
              }}
            />
          </details>
        )}
      </Consequence>
    </>
  )
}

/** The object that was typed, else what is wrong with it. */
function readObject(typed: string): JsonObject | string {
  try {
    const value: unknown = JSON.parse(typed)
    return isObject(value) ? (value as JsonObject) : 'It must be an object: { "field": "value" }.'
  } catch (error) {
    return `This is no JSON: ${(error as Error).message}`
  }
}
