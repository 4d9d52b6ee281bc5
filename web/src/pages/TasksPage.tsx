import { Alert, Button, Group, Kbd, Text, Title } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { IconArrowLeft, IconChecklist } from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { ApiError, api, failureWords } from '../api/client'
import { queries } from '../api/queries'
import type { JsonSchema, Task } from '../api/types'
import { JsonView } from '../components/JsonView'
import { Moment } from '../components/Moment'
import { Empty, Failed, Loading } from '../components/Outcome'
import { StateBadge } from '../components/StateBadge'
import { SchemaForm } from '../forms/SchemaForm'
import { requiredOf } from '../forms/schema'
import { useShortcut } from '../frame/useShortcut'
import { isObject, type JsonObject } from '../model/document'
import { exactTime } from '../model/moments'
import { recordName, stepName } from '../model/runs'
import './tasks.css'

/** What is asked when the automation does not say: a decision and notes. */
const PLAIN_FORM: JsonSchema = {
  type: 'object',
  required: ['approved'],
  properties: { approved: { type: 'boolean' }, notes: { type: 'string' } },
}

export function TasksPage() {
  const { taskId } = useParams({ strict: false })
  const tasks = useQuery(queries.tasks())
  const navigate = useNavigate()
  const list = tasks.data ?? []
  const index = list.findIndex((task) => task.id === taskId)
  const go = (step: number) => {
    const next = list[index === -1 ? 0 : Math.min(Math.max(index + step, 0), list.length - 1)]
    if (next) void navigate({ to: '/tasks/$taskId', params: { taskId: next.id } })
  }
  useShortcut('j', () => go(1))
  useShortcut('k', () => go(-1))
  return (
    <div className="tasks" data-open={taskId !== undefined || undefined}>
      <h1 className="sr-only">Tasks</h1>
      <section className="tasks-list" aria-label="Open tasks">
        <div className="tasks-list-head">
          <Title order={2} size="h1" aria-hidden>
            Tasks
          </Title>
          <p className="page-lead">Runs that wait for somebody.</p>
          {list.length > 0 && (
            <p className="tasks-keys">
              <Kbd size="xs">J</Kbd> <Kbd size="xs">K</Kbd> next, previous · <Kbd size="xs">Ctrl</Kbd>{' '}
              <Kbd size="xs">Enter</Kbd> complete
            </p>
          )}
        </div>
        {tasks.isPending && <Loading label="Tasks are loading" rows={4} />}
        {tasks.isError && (
          <Failed what="The tasks" error={tasks.error} onRetry={() => void tasks.refetch()} />
        )}
        {tasks.data && list.length === 0 && (
          <Empty title="Nothing waits for anybody" icon={<IconChecklist size={32} aria-hidden />}>
            <p>A task appears here when a run comes to a human task.</p>
          </Empty>
        )}
        <ul>
          {list.map((task) => (
            <li key={task.id}>
              <TaskLink task={task} />
            </li>
          ))}
        </ul>
      </section>
      <section className="tasks-open" aria-label="Task">
        {taskId ? (
          <OpenTask key={taskId} id={taskId} onDone={() => go(index < list.length - 1 ? 1 : -1)} />
        ) : (
          list.length > 0 && <Empty title="Choose a task on the left" />
        )}
      </section>
    </div>
  )
}

function TaskLink({ task }: { task: Task }) {
  const automations = useQuery(queries.automations())
  const name = automations.data?.find((automation) => automation.id === task.automation_id)?.name
  return (
    <Link to="/tasks/$taskId" params={{ taskId: task.id }} className="task-link">
      <b>{task.title ?? 'A task'}</b>
      <span>{name}</span>
      <span>
        {task.assignee ?? (task.groups.length > 0 ? task.groups.join(', ') : 'Anybody')} ·{' '}
        <Moment at={task.opened_at} />
        {task.due_at && (
          <>
            {' '}
            · due <Moment at={task.due_at} />
          </>
        )}
      </span>
    </Link>
  )
}

function OpenTask({ id, onDone }: { id: string; onDone: () => void }) {
  const task = useQuery(queries.task(id))
  if (task.isPending) return <Loading label="The task is loading" rows={4} />
  if (task.isError) {
    const isMissing = task.error instanceof ApiError && task.error.status === 404
    return isMissing ? (
      <Empty title="There is no such task" />
    ) : (
      <Failed what="The task" error={task.error} onRetry={() => void task.refetch()} />
    )
  }
  return (
    <div className="task">
      <Link to="/tasks" className="task-back">
        <IconArrowLeft size={16} aria-hidden /> All tasks
      </Link>
      <Title order={2} size="h1">
        {task.data.title ?? 'A task'}
      </Title>
      <TaskStory task={task.data} />
      {task.data.instructions && <p className="task-instructions">{task.data.instructions}</p>}
      {task.data.status === 'open' ? (
        <TaskForm task={task.data} onDone={onDone} />
      ) : (
        <Closed task={task.data} />
      )}
    </div>
  )
}

/** The record, the automation, and what happened so far. */
function TaskStory({ task }: { task: Task }) {
  const run = useQuery(queries.run(task.run_id))
  const automations = useQuery(queries.automations())
  const name = automations.data?.find((automation) => automation.id === task.automation_id)?.name
  const record = isObject(run.data?.event) ? run.data.event.record : undefined
  const done = (run.data?.steps ?? []).filter((step) => step.status === 'completed')
  return (
    <>
      <p className="task-facts">
        {name && (
          <Link to="/automations/$automationId" params={{ automationId: task.automation_id }}>
            {name}
          </Link>
        )}
        <span>{recordName(run.data?.record)}</span>
        <span>
          open since <Moment at={task.opened_at} />
        </span>
        <span>{task.assignee ?? (task.groups.length > 0 ? task.groups.join(', ') : 'for anybody')}</span>
        <Link to="/runs/$runId" params={{ runId: task.run_id }}>
          The run
        </Link>
      </p>
      {run.data && (
        <details className="task-story" open>
          <summary>The record, and what happened so far</summary>
          <p>
            {done.length === 0
              ? 'Nothing happened before this task.'
              : `Done: ${done.map((step) => stepName(step)).join(', ')}.`}
          </p>
          {record !== undefined && <JsonView label="Record" value={record} />}
        </details>
      )}
    </>
  )
}

function TaskForm({ task, onDone }: { task: Task; onDone: () => void }) {
  const client = useQueryClient()
  const schema = task.form?.properties ? task.form : PLAIN_FORM
  const [output, setOutput] = useState<JsonObject>(() => defaultsOf(schema))
  const [isTried, setTried] = useState(false)
  const missing = requiredOf(schema).filter((name) => output[name] === undefined || output[name] === '')
  const complete = useMutation({
    mutationFn: () => api.completeTask(task.id, output),
    onSuccess: () => {
      for (const key of ['tasks', 'runs', 'run', 'automations'])
        void client.invalidateQueries({ queryKey: [key] })
      notifications.show({ color: 'green', message: 'Completed. The run goes on.' })
      onDone()
    },
    onError: () => void client.invalidateQueries({ queryKey: ['tasks', task.id] }),
  })
  const submit = () => {
    setTried(true)
    if (missing.length === 0 && !complete.isPending) complete.mutate()
  }
  useShortcut('mod+Enter', submit)
  const problems = new Map(isTried ? missing.map((name) => [name, 'This is needed.']) : [])
  return (
    <form
      className="task-form"
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
      noValidate
    >
      <SchemaForm
        schema={schema}
        value={output}
        problems={problems}
        onChange={(name, value) =>
          setOutput(({ [name]: _, ...rest }) => (value === undefined ? rest : { ...rest, [name]: value }))
        }
      />
      {complete.error && (
        <Alert role="alert" color="red" variant="default" title="The task was not completed">
          <Text size="sm">{failureWords(complete.error)}</Text>
        </Alert>
      )}
      <Group>
        <Button type="submit" loading={complete.isPending}>
          Complete
        </Button>
      </Group>
    </form>
  )
}

function defaultsOf(schema: JsonSchema): JsonObject {
  const entries = Object.entries(schema.properties ?? {}).filter(([, property]) => property.default != null)
  return Object.fromEntries(entries.map(([name, property]) => [name, property.default ?? null]))
}

function Closed({ task }: { task: Task }) {
  const who = task.submitted
  return (
    <Alert variant="default" title={task.status === 'completed' ? 'Completed' : 'Withdrawn'}>
      <Group gap={8}>
        <StateBadge state={task.status === 'completed' ? 'completed' : 'cancelled'} />
        <Text size="sm">
          {task.status === 'completed' && who
            ? `By ${who.by}, ${exactTime(who.at)}.`
            : task.status === 'withdrawn'
              ? 'The run has ended or went on without it.'
              : ''}
        </Text>
      </Group>
    </Alert>
  )
}
