import { Button } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { lazy, Suspense, useMemo } from 'react'
import { ApiError } from '../api/client'
import { queries } from '../api/queries'
import { JsonView } from '../components/JsonView'
import { Moment, useNow } from '../components/Moment'
import { Failed, Loading } from '../components/Outcome'
import { PhraseText } from '../components/PhraseText'
import { StateBadge } from '../components/StateBadge'
import { AWAITED } from '../frame/missingParts'
import { NotFound } from '../frame/NotFound'
import { type AutomationDocument, openDocument, TRIGGER } from '../model/document'
import { durationWords } from '../model/moments'
import {
  lightOf,
  lightsOf,
  progressOf,
  type Run,
  recordKey,
  recordName,
  runPhrase,
  takenEdges,
  topOf,
} from '../model/runs'
import { RerunFromHere, RunActions } from '../runs/RunActions'
import { StepDetails } from '../runs/StepDetails'
import { TimeLine } from '../runs/TimeLine'
import '../runs/run.css'

const GraphCanvas = lazy(() =>
  import('../build/GraphCanvas').then((module) => ({ default: module.GraphCanvas })),
)

export function RunPage() {
  const { runId } = useParams({ from: '/runs/$runId' })
  const run = useQuery(queries.run(runId))
  if (run.data) return <Shown run={run.data} />
  if (run.isPending) return <Loading label="The run is loading" />
  if (run.error instanceof ApiError && run.error.status === 404) return <NotFound />
  return (
    <div className="page">
      <Failed what="The run" error={run.error} onRetry={() => void run.refetch()} />
    </div>
  )
}

/** The step to show when nobody chose one: what failed, what waits or runs, else the last that happened. */
function tellingStep(run: Run): string | null {
  const steps = run.steps ?? []
  const telling =
    steps.find((step) => step.status === 'failed') ??
    steps.find((step) => step.status === 'waiting' || step.status === 'running') ??
    steps.findLast((step) => step.status !== 'pending' && step.reason !== 'path_not_taken')
  return telling?.path ?? null
}

function Shown({ run }: { run: Run }) {
  const now = useNow()
  const navigate = useNavigate()
  const search = useSearch({ from: '/runs/$runId' })
  const isNarrow = useMediaQuery('(max-width: 860px)', window.innerWidth <= 860)
  const { document, titles } = useDocumentOf(run)
  const chosen = search.step ?? tellingStep(run) ?? TRIGGER
  const step = (run.steps ?? []).find((candidate) => candidate.path === chosen)
  const lights = useMemo(() => lightsOf(run), [run])
  const taken = useMemo(() => document && takenEdges(document, run.steps), [document, run.steps])
  const progress = useMemo(() => progressOf(run.steps), [run.steps])
  const select = (path: string | null) =>
    void navigate({
      to: '/runs/$runId',
      params: { runId: run.id },
      search: path ? { step: path } : {},
      replace: true,
    })
  const timeLine = (
    <div className="run-below">
      <h2>Time line</h2>
      <TimeLine run={run} selected={step?.path ?? null} onSelect={select} />
      {step && run.event && (
        <Button variant="default" size="xs" onClick={() => select(TRIGGER)}>
          Show the event that started it
        </Button>
      )}
    </div>
  )
  return (
    <article aria-label="Run">
      <header className="run-head">
        <div className="run-facts">
          <StateBadge state={lightOf(run)} />
          {run.dry_run && <StateBadge state="dry" />}
          <Link to="/automations/$automationId/runs" params={{ automationId: run.automation_id }}>
            {document?.name ?? 'The automation'}
          </Link>
          <span>{run.version === null ? 'as it was tested' : `v${run.version}`}</span>
          {run.record ? (
            <Link to="/runs" search={{ record: recordKey(run.record) }} title="All runs for this record">
              {recordName(run.record)}
            </Link>
          ) : (
            <span>no record</span>
          )}
          <Moment at={run.started_at} />
          {run.rerun_of && (
            <Link to="/runs/$runId" params={{ runId: run.rerun_of }} search={{}}>
              run again from an earlier one
            </Link>
          )}
          {(run.reruns ?? []).slice(-1).map((id) => (
            <Link key={id} to="/runs/$runId" params={{ runId: id }} search={{}}>
              was run again
            </Link>
          ))}
          {run.duration != null && (
            <span>
              {run.ended_at ? 'took' : 'for'} {durationWords(run.duration)}
            </span>
          )}
        </div>
        <h1 aria-live="polite">
          <PhraseText phrase={runPhrase(run, now)} />
        </h1>
        {run.waiting?.for === 'turn' && run.record && (
          <p className="run-turn">
            Runs of one automation for one record take turns. It goes on by itself.{' '}
            <Link
              to="/automations/$automationId/runs"
              params={{ automationId: run.automation_id }}
              search={{ record: recordKey(run.record) }}
            >
              See the runs for {recordName(run.record)}
            </Link>
          </p>
        )}
        <RunActions run={run} />
      </header>
      {isNarrow && timeLine}
      <div className="run-body">
        {!isNarrow && (
          <div className="run-graph">
            {document && (
              <Suspense
                fallback={
                  <div {...{ [AWAITED]: true }}>
                    <Loading label="The graph is loading" rows={3} />
                  </div>
                }
              >
                <GraphCanvas
                  document={document}
                  titles={titles}
                  selected={step ? topOf(step) : TRIGGER}
                  onSelect={(id) => id && select(id)}
                  lights={lights}
                  taken={taken ?? undefined}
                  progress={progress}
                  isDry={run.dry_run}
                  label="What the run did"
                />
              </Suspense>
            )}
          </div>
        )}
        {step ? (
          <StepDetails step={step} isDry={run.dry_run}>
            <RerunFromHere run={run} step={step} />
          </StepDetails>
        ) : (
          <Cause run={run} />
        )}
      </div>
      {!isNarrow && timeLine}
    </article>
  )
}

function Cause({ run }: { run: Run }) {
  return (
    <div className="step-details">
      <div className="step-head">
        <h2>{run.trigger.type ?? 'Trigger'}</h2>
      </div>
      <p className="soft">
        The event that started the run
        {run.trigger.event_id ? `, ${run.trigger.event_id}` : ''}
      </p>
      {run.event && (
        <section className="step-part">
          <h3>Event</h3>
          <JsonView label="Event" value={run.event} />
        </section>
      )}
    </div>
  )
}

/** The document of the run's own version; where it cannot be read, the steps in their order. */
function useDocumentOf(run: Run) {
  const version = useQuery({
    ...queries.version(run.automation_id, run.version ?? 0),
    enabled: run.version !== null,
  })
  const actions = useQuery(queries.actions())
  const titles = useMemo(
    () => new Map((actions.data ?? []).map((entry) => [entry.type, entry.title])),
    [actions.data],
  )
  const { steps, trigger } = run
  const isTested = run.version === null
  const document = useMemo((): AutomationDocument | null => {
    if (version.data) return openDocument(version.data)
    if (version.isLoading) return null
    return {
      name: isTested ? 'The tested document' : 'A deleted automation',
      trigger: { event: trigger.type ?? '' },
      actions: (steps ?? [])
        .filter(({ path, id }) => path === id)
        .map((step) => ({
          id: step.id,
          type: step.type,
          params: {},
          ...(step.name ? { name: step.name } : {}),
        })),
    }
  }, [version.data, version.isLoading, steps, trigger.type, isTested])
  return { document, titles }
}
